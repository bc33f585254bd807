// Changes one byte of the text of `marked-text` in a recording of it, consistently (the content's hash is made anew),
// so that nothing but the replay itself can notice. Status 1 and one line when the text is not in the trace.
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <sqlite3.h>
#include <string>
#include <vector>
#include <xxhash.h>
#include <zstd.h>

namespace {

using Bytes = std::vector<unsigned char>;
using Database = std::unique_ptr<sqlite3, int (*)(sqlite3*)>;
using Statement = std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)>;
constexpr std::array<unsigned char, 5> marked{0xbf, 0x1e, 0xab, 0xa1, 0x5c};

Statement prepare(sqlite3* database, const char* sql)
{
    sqlite3_stmt* raw = nullptr;
    if (sqlite3_prepare_v2(database, sql, -1, &raw, nullptr) != SQLITE_OK)
        std::fprintf(stderr, "flip-text: %s\n", sqlite3_errmsg(database));
    return {raw, sqlite3_finalize};
}

Bytes content(const unsigned char* stored, size_t size, bool compressed, size_t length)
{
    if (!compressed)
        return {stored, stored + size};
    Bytes plain(length);
    size_t got = ZSTD_decompress(plain.data(), plain.size(), stored, size);
    plain.resize(ZSTD_isError(got) != 0U ? 0 : got);
    return plain;
}

std::optional<size_t> find_mark(const Bytes& bytes)
{
    for (size_t at = 0; at + marked.size() <= bytes.size(); ++at)
        if (std::memcmp(bytes.data() + at, marked.data(), marked.size()) == 0)
            return at;
    return std::nullopt;
}

bool store(sqlite3* database, int64_t id, const Bytes& plain)
{
    // As the recorder stores it (trace/store_writer.cpp): the low half first, each half with its highest byte first.
    XXH128_hash_t value = XXH3_128bits(plain.data(), plain.size());
    std::array<unsigned char, 16> hash{};
    for (unsigned i = 0; i < hash.size(); ++i)
        hash[i] = static_cast<unsigned char>((i < 8 ? value.low64 : value.high64) >> (56 - i % 8 * 8));
    Statement update = prepare(database, "update blob set coding = 0, bytes = ?, hash = ? where id = ?");
    if (!update)
        return false;
    sqlite3_bind_blob(update.get(), 1, plain.data(), static_cast<int>(plain.size()), SQLITE_STATIC);
    sqlite3_bind_blob(update.get(), 2, hash.data(), static_cast<int>(hash.size()), SQLITE_STATIC);
    sqlite3_bind_int64(update.get(), 3, id);
    return sqlite3_step(update.get()) == SQLITE_DONE;
}

} // namespace

int main(int argc, char** argv)
{
    sqlite3* raw = nullptr;
    if (argc != 2 || sqlite3_open_v2(argv[1], &raw, SQLITE_OPEN_READWRITE, nullptr) != SQLITE_OK) {
        std::fprintf(stderr, "usage: flip-text TRACE\n");
        return 2;
    }
    Database database{raw, sqlite3_close};
    int flipped = 0;
    Statement blobs = prepare(raw, "select id, length, coding, bytes from blob");
    while (blobs && sqlite3_step(blobs.get()) == SQLITE_ROW) {
        const auto* stored = static_cast<const unsigned char*>(sqlite3_column_blob(blobs.get(), 3));
        Bytes plain = content(stored, static_cast<size_t>(sqlite3_column_bytes(blobs.get(), 3)), sqlite3_column_int(blobs.get(), 2) != 0,
                              static_cast<size_t>(sqlite3_column_int64(blobs.get(), 1)));
        if (auto at = find_mark(plain)) {
            plain[*at + 1] ^= 1U;
            flipped += store(raw, sqlite3_column_int64(blobs.get(), 0), plain) ? 1 : 0;
        }
    }
    if (flipped == 0)
        std::fprintf(stderr, "flip-text: the marked text is in no blob of the trace\n");
    return flipped > 0 ? 0 : 1;
}
