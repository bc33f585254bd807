// RangeMap<V>: disjoint half-open ranges of 64-bit keys, each with a value. VMAs, pages and reserved slots are all kept so.
// V must have `V advanced(uint64_t delta) const` (the value of the range's rest behind its first `delta` keys) and
// `bool continued_by(uint64_t length, const V& next) const` (whether `next`, standing behind `length` keys of this, is the same).
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <utility>

namespace ringside::mm {

template<typename V>
class RangeMap {
public:
    struct Entry {
        std::uint64_t end;
        V value;
    };
    using Map = std::map<std::uint64_t, Entry>;
    using iterator = typename Map::iterator;
    using const_iterator = typename Map::const_iterator;

    iterator begin() { return map_.begin(); }
    iterator end() { return map_.end(); }
    const_iterator begin() const { return map_.begin(); }
    const_iterator end() const { return map_.end(); }
    bool empty() const { return map_.empty(); }
    std::size_t size() const { return map_.size(); }
    void clear() { map_.clear(); }

    /// The first range that ends behind `key`: the one that holds it, or the next.
    iterator at_or_after(std::uint64_t key) { return reached(map_, key); }
    const_iterator at_or_after(std::uint64_t key) const { return reached(map_, key); }
    /// The range that holds `key`, or end().
    iterator find(std::uint64_t key)
    {
        auto it = at_or_after(key);
        return it != map_.end() && it->first <= key ? it : map_.end();
    }
    const_iterator find(std::uint64_t key) const
    {
        auto it = at_or_after(key);
        return it != map_.end() && it->first <= key ? it : map_.end();
    }
    bool overlaps(std::uint64_t start, std::uint64_t end) const
    {
        auto it = at_or_after(start);
        return it != map_.end() && it->first < end;
    }

    /// Makes `key` a border: no range reaches across it.
    void split(std::uint64_t key)
    {
        auto it = find(key);
        if (it == map_.end() || it->first == key)
            return;
        Entry rest {it->second.end, it->second.value.advanced(key - it->first)};
        it->second.end = key;
        map_.emplace_hint(std::next(it), key, std::move(rest));
    }
    /// Forgets [start, end).
    void erase(std::uint64_t start, std::uint64_t end)
    {
        if (start >= end)
            return;
        split(start);
        split(end);
        map_.erase(map_.lower_bound(start), map_.lower_bound(end));
    }
    /// Puts a range where none is, joining it with neighbours that it continues.
    iterator insert(std::uint64_t start, std::uint64_t end, V value)
    {
        auto it = map_.emplace(start, Entry {end, std::move(value)}).first;
        it = join_next(it);
        if (it != map_.begin())
            it = join_next(std::prev(it));
        return it->first <= start && start < it->second.end ? it : std::next(it);
    }
    /// Joins what became equal inside and at the borders of [start, end).
    void join(std::uint64_t start, std::uint64_t end)
    {
        auto it = at_or_after(start);
        if (it != map_.begin())
            --it;
        while (it != map_.end() && it->first <= end) {
            auto joined = join_next(it);
            it = std::next(joined);
        }
    }
    /// Calls f(start, end, value) for the parts of [start, end) that are there. f must not change the map.
    template<typename F>
    void for_each(std::uint64_t start, std::uint64_t end, F f) const
    {
        for (auto it = at_or_after(start); it != map_.end() && it->first < end; ++it) {
            std::uint64_t from = std::max(start, it->first);
            f(from, std::min(end, it->second.end), it->second.value.advanced(from - it->first));
        }
    }
    /// Splits at both borders and calls f(start, end, value&) for each range inside. f must not change the map, but the values.
    template<typename F>
    void change(std::uint64_t start, std::uint64_t end, F f)
    {
        split(start);
        split(end);
        for (auto it = map_.lower_bound(start); it != map_.end() && it->first < end; ++it)
            f(it->first, it->second.end, it->second.value);
    }
    /// Calls f(start, end) for the parts of [start, end) that no range covers. f must not change the map.
    template<typename F>
    void for_each_gap(std::uint64_t start, std::uint64_t end, F f) const
    {
        std::uint64_t at = start;
        for (auto it = at_or_after(start); it != map_.end() && it->first < end; ++it) {
            if (at < it->first)
                f(at, it->first);
            at = it->second.end;
        }
        if (at < end)
            f(at, end);
    }

private:
    template<typename M>
    static auto reached(M& map, std::uint64_t key)
    {
        auto it = map.upper_bound(key);
        if (it != map.begin() && std::prev(it)->second.end > key)
            --it;
        return it;
    }
    iterator join_next(iterator it)
    {
        auto next = std::next(it);
        while (next != map_.end() && next->first == it->second.end
            && it->second.value.continued_by(it->second.end - it->first, next->second.value)) {
            it->second.end = next->second.end;
            next = map_.erase(next);
        }
        return it;
    }
    Map map_;
};

/// The value of a RangeMap that is only a set.
struct Nothing {
    Nothing advanced(std::uint64_t) const { return {}; }
    bool continued_by(std::uint64_t, const Nothing&) const { return true; }
};

/// A set of keys, kept as ranges.
class RangeSet : public RangeMap<Nothing> {
public:
    void add(std::uint64_t start, std::uint64_t end)
    {
        if (start >= end)
            return;
        erase(start, end);
        insert(start, end, {});
    }
    bool covers(std::uint64_t start, std::uint64_t end) const
    {
        auto it = find(start);
        return it != this->end() && it->second.end >= end;
    }
    std::uint64_t total() const
    {
        std::uint64_t sum = 0;
        for (const auto& [start, entry] : *this)
            sum += entry.end - start;
        return sum;
    }
};

}
