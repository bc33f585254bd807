// Parts of the supervisor by themselves: owners of host files, the text of filters.

#include "engine/boundary/owners.h"
#include "engine/session/bpf_text.h"
#include "engine/session/owner_service.h"
#include "engine/session/session.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>

using namespace ringside;

namespace {

/// Both ends of the owner socket, with the service on a thread.
class Service {
public:
    Service()
    {
        int pair[2];
        REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
        client = session::UniqueFd(pair[0]);
        thread_ = std::thread([server = session::UniqueFd(pair[1])]() mutable { session::serve_owners(std::move(server)); });
    }
    ~Service()
    {
        client.reset();
        thread_.join();
    }
    session::UniqueFd client;

private:
    std::thread thread_;
};

std::uint64_t instruction(std::uint16_t code, std::uint8_t jt, std::uint8_t jf, std::uint32_t k)
{
    sock_filter value {code, jt, jf, k};
    std::uint64_t bits = 0;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

}

TEST_CASE("owners of a directory's entries are what stat says, however many there are")
{
    Service service;
    boundary::OwnerClient client(service.client.get());
    for (const char* path : {"/etc", "/usr/bin", "/"}) {
        session::UniqueFd directory(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC));
        auto owners = client.list(directory.get());
        REQUIRE(owners.ok());
        struct stat own {};
        REQUIRE(stat(path, &own) == 0);
        CHECK(owners.value().at(".").uid == own.st_uid);
        for (const auto& [name, owner] : owners.value()) {
            struct stat status {};
            if (fstatat(directory.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
                continue; // gone meanwhile
            CHECK(owner.uid == status.st_uid);
            CHECK(owner.gid == status.st_gid);
        }
        CHECK(owners.value().size() > 3);
    }
}

TEST_CASE("a file's owner is its own entry; what is neither file nor directory is refused")
{
    Service service;
    boundary::OwnerClient client(service.client.get());
    session::UniqueFd file(open("/etc/passwd", O_PATH | O_CLOEXEC)), device(open("/dev/null", O_PATH | O_CLOEXEC));
    auto owners = client.list(file.get());
    REQUIRE(owners.ok());
    CHECK(owners.value().size() == 1);
    auto refused = client.list(device.get());
    REQUIRE(!refused.ok());
    CHECK(refused.error() == ENOTDIR);
    CHECK(client.list(file.get()).ok()); // it still serves
}

TEST_CASE("a request without a descriptor is answered, not obeyed")
{
    Service service;
    REQUIRE(send(service.client.get(), "x", 1, 0) == 1);
    char answer[64];
    CHECK(recv(service.client.get(), answer, sizeof(answer), 0) > 0);
}

TEST_CASE("a filter in readable form")
{
    std::vector<std::uint64_t> program {
        instruction(BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, arch)),
        instruction(BPF_JMP | BPF_JEQ | BPF_K, 0, 3, AUDIT_ARCH_X86_64),
        instruction(BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)),
        instruction(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 39),
        instruction(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW),
        instruction(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | 1),
    };
    std::string text = session::disassemble_filter(program, [](std::uint32_t nr) { return nr == 39 ? "getpid" : "?"; });
    CHECK(text.find("load architecture") != std::string::npos);
    CHECK(text.find("if == x86-64") != std::string::npos);
    CHECK(text.find("39 getpid") != std::string::npos);
    CHECK(text.find("return ALLOW") != std::string::npos);
    CHECK(text.find("return ERRNO 1") != std::string::npos);
}

TEST_CASE("how an outcome becomes an exit status")
{
    using session::Outcome;
    CHECK(Outcome {Outcome::Kind::exited, 3, {}, {}}.exit_status() == 3);
    CHECK(Outcome {Outcome::Kind::killed, 9, {}, {}}.exit_status() == 137);
    CHECK(Outcome {Outcome::Kind::not_started, 127, {}, {}}.exit_status() == 127);
    CHECK(Outcome {Outcome::Kind::failed, 0, {}, {}}.exit_status() == 125);
}
