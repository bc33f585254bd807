// Result, TRY and Ref.
#include "engine/base/guest_addr.h"
#include "engine/base/ref.h"

#include <catch2/catch.hpp>

using namespace ringside;

namespace {
Result<int> half(int value)
{
    if (value % 2)
        return Errno(EINVAL);
    return value / 2;
}
Result<int> quarter(int value)
{
    int once = TRY(half(value));
    return half(once);
}
}

TEST_CASE("TRY hands the value on and returns the error")
{
    CHECK(quarter(8).value() == 2);
    CHECK(quarter(6).error() == EINVAL);
    CHECK(quarter(7).error() == EINVAL);
}

TEST_CASE("an address past the end of the address space is EFAULT, not wrapped")
{
    CHECK(GuestAddr(0x1000).plus(0x1000).value() == GuestAddr(0x2000));
    CHECK(GuestAddr(guest_address_end).plus(1).error() == EFAULT);
    CHECK(GuestAddr(8).plus(~std::uint64_t {0}).error() == EFAULT);
}
