// What the platform asks of an address space before it patches `syscall` instructions in it.
#pragma once

#include "engine/mm/address_space.h"

namespace ringside::mm {

class CodeOfSpace final : public platform::GuestCode {
public:
    explicit CodeOfSpace(AddressSpace::State& space) : space_(space) { }
    std::span<const std::byte> patchable_page(GuestAddr page) override;
    Result<std::shared_ptr<platform::CodePage>> make_code_page(std::span<const std::byte> content) override;
    std::optional<GuestAddr> free_page_near(GuestAddr near, const std::function<bool(GuestAddr)>& fits) override;
    bool is_free(GuestAddr page) override;

private:
    AddressSpace::State& space_;
};

}
