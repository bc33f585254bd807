// See gathered_input.h.

#include "engine/record/gathered_input.h"

#include "engine/kernel/task.h"
#include "engine/mm/address_space.h"
#include "engine/record/task_recorder.h"

#include <algorithm>

namespace ringside::record {

namespace {

/// Strings that a program has allocated one by one have this much between them. Less than a page, so what lies between was in reach
/// of the copies on both sides.
constexpr std::uint64_t widest_gap = 512;

}

GatheredInput::GatheredInput(kernel::Task& task)
    : task_(task)
    , enabled_(task.recorder().enabled())
{
}

GatheredInput::~GatheredInput()
{
    if (enabled_)
        write();
}

void GatheredInput::add(GuestAddr address, std::span<const std::byte> bytes)
{
    if (!enabled_ || bytes.empty())
        return;
    if (bytes.size() > task_.recorder().input_cap()) {
        task_.recorder().copied(task_, trace::Direction::in, address, bytes);
        return;
    }
    pieces_.push_back({address.value(), bytes_.size(), bytes.size()});
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

bool GatheredInput::append_gap(std::uint64_t from, std::uint64_t to, std::vector<std::byte>& row)
{
    std::vector<std::byte> gap(to - from);
    if (!gap.empty() && !task_.mm().copy_in(task_, GuestAddr(from), gap).ok())
        return false;
    row.insert(row.end(), gap.begin(), gap.end());
    return true;
}

void GatheredInput::write()
{
    std::stable_sort(pieces_.begin(), pieces_.end(), [](const Piece& a, const Piece& b) { return a.address < b.address; });
    std::vector<std::byte> row;
    std::uint64_t start = 0, end = 0;
    auto finish = [&] {
        if (!row.empty())
            task_.recorder().gathered(GuestAddr(start), row);
        row.clear();
    };
    for (const Piece& piece : pieces_) {
        bool joins = !row.empty() && (piece.address <= end || (piece.address - end <= widest_gap && append_gap(end, piece.address, row)));
        if (!joins) {
            finish();
            start = end = piece.address;
        }
        end = std::max(end, piece.address);
        if (piece.end() <= end)
            continue; // the same string twice
        auto from = bytes_.begin() + static_cast<std::ptrdiff_t>(piece.at + (end - piece.address));
        row.insert(row.end(), from, bytes_.begin() + static_cast<std::ptrdiff_t>(piece.at + piece.size));
        end = piece.end();
    }
    finish();
}

}
