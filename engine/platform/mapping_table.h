// Which mappings the host holds for a stub, as far as they were ordered: neighbours that continue each other in the memory file are one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

namespace ringside::platform {

class MappingTable {
public:
    void map(std::uint64_t start, std::uint64_t length, int prot, std::uint64_t offset);
    void unmap(std::uint64_t start, std::uint64_t length);
    void protect(std::uint64_t start, std::uint64_t length, int prot);
    std::size_t size() const { return ranges_.size(); }
    struct Range {
        std::uint64_t end;
        std::uint64_t offset;
        int prot;
    };
    /// What is mapped from `at` on.
    std::optional<Range> find(std::uint64_t at) const;

private:
    using Ranges = std::map<std::uint64_t, Range>;
    void split(std::uint64_t at);
    void join(Ranges::iterator with_next);

    Ranges ranges_;
};

}
