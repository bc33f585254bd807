// Small pieces of the kernel: limits, credentials, times, the random generator, what CPUID hides.

#include "engine/kernel/clock.h"
#include "engine/kernel/cpuid_policy.h"
#include "engine/kernel/credentials.h"
#include "engine/kernel/limits.h"
#include "engine/kernel/random.h"

#include <catch2/catch.hpp>
#include <linux/capability.h>

using namespace ringside;
using namespace ringside::kernel;

TEST_CASE("limits rise no higher than the hard one, which only falls")
{
    Limits limits;
    CHECK(limits.set(RLIMIT_CPU, {10, 5}, true).error() == EINVAL);
    CHECK(limits.set(RLIMIT_CPU, {5, 10}, false).ok());
    CHECK(limits.set(RLIMIT_CPU, {5, 11}, false).error() == EPERM);
    CHECK(limits.set(RLIMIT_CPU, {5, 11}, true).ok());
    CHECK(limits.get(RLIMIT_CPU).hard == 11);
    CHECK(limits.set(RLIMIT_CPU, {3, 3}, false).ok());
    CHECK(limits.soft(RLIMIT_CPU) == 3);
    CHECK(limits.set(16, {0, 0}, true).error() == EINVAL);
}

TEST_CASE("capabilities follow the user ids")
{
    auto root = Credentials::make(0, 0, {});
    CHECK(root->capable(CAP_CHOWN));
    auto dropped = root->copy();
    dropped->uid = dropped->euid = dropped->suid = dropped->fsuid = 1000;
    dropped->fix_capabilities(*root);
    CHECK_FALSE(dropped->capable(CAP_CHOWN));
    CHECK(dropped->permitted == 0);

    auto effective_only = root->copy();
    effective_only->euid = 1000;
    effective_only->fix_capabilities(*root);
    CHECK_FALSE(effective_only->capable(CAP_CHOWN));
    CHECK(effective_only->permitted == cap_all);
    auto back = effective_only->copy();
    back->euid = 0;
    back->fix_capabilities(*effective_only);
    CHECK(back->capable(CAP_CHOWN));
}

TEST_CASE("groups are found whatever order they were given in")
{
    auto who = Credentials::make(1000, 1000, {50, 4, 27});
    for (Gid gid : {4U, 27U, 50U, 1000U})
        CHECK(who->in_group(gid));
    CHECK_FALSE(who->in_group(5));
    CHECK_FALSE(who->capable(CAP_KILL));
}

TEST_CASE("an ordinary program gains nothing by exec, root keeps all")
{
    auto user = Credentials::make(1000, 1000, {})->after_exec();
    CHECK(user->permitted == 0);
    auto root = Credentials::make(0, 0, {})->after_exec();
    CHECK(root->effective == cap_all);
}

TEST_CASE("times are checked and never overflow")
{
    CHECK(from_timespec({0, -1}).error() == EINVAL);
    CHECK(from_timespec({-1, 0}).error() == EINVAL);
    CHECK(from_timespec({0, 1'000'000'000}).error() == EINVAL);
    CHECK(from_timespec({1, 5}).value() == 1'000'000'005);
    CHECK(from_timespec({std::numeric_limits<time_t>::max(), 0}).value() == static_cast<Nanoseconds>(std::numeric_limits<std::int64_t>::max()));
}

TEST_CASE("the generator is ChaCha20")
{
    // RFC 8439, A.1, test vector 1: key, nonce and counter zero.
    Random random({});
    std::array<std::byte, 8> bytes {};
    random.fill(bytes);
    const std::array<std::byte, 8> expected {std::byte {0x76}, std::byte {0xb8}, std::byte {0xe0}, std::byte {0xad}, std::byte {0xa0}, std::byte {0xf1}, std::byte {0x3d}, std::byte {0x90}};
    CHECK(bytes == expected);
    // Vector 2: the second block begins after 64 bytes.
    std::array<std::byte, 56> rest {};
    random.fill(rest);
    random.fill(std::span(bytes).first(4));
    CHECK(bytes[0] == std::byte {0x9f});
    CHECK(bytes[3] == std::byte {0xbe});
    CHECK(bytes[1] == std::byte {0x07});
}

TEST_CASE("CPUID hides what a replay could not give again")
{
    CpuidAnswer all {~0U, ~0U, ~0U, ~0U};
    CHECK_FALSE(mask_cpuid(1, 0, all).ecx & 1U << 30);       // RDRAND
    CHECK_FALSE(mask_cpuid(7, 0, all).ebx & 1U << 18);       // RDSEED
    CHECK_FALSE(mask_cpuid(7, 0, all).ebx & 1U << 11);       // RTM
    CHECK_FALSE(mask_cpuid(7, 0, all).ecx & 1U << 22);       // RDPID
    CHECK_FALSE(mask_cpuid(0xd, 1, all).eax & 1U << 1);      // XSAVEC
    CHECK(mask_cpuid(0xd, 0, all).eax == ~0U);               // XCR0 stays: the C library sizes its save area by it
    CHECK(mask_cpuid(7, 0, all).ebx & 1U << 5);              // AVX2
    CHECK(mask_cpuid(1, 0, all).edx == ~0U);
}
