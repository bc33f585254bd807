// What the Sentry and its supervisor say to each other over the control socket (SOCK_SEQPACKET: one message, one datagram), and at which
// descriptors the Sentry finds what it was given. Both sides include this; the supervisor trusts nothing of what comes up.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ringside::control {

/// Descriptors of the Sentry at its start; 0-2 are the guest's.
enum SentryFd : int {
    control_fd = 3,
    config_fd = 4, ///< sealed memfd: JSON, see session/config.h
    ring_fd = 5,   ///< memfd of trace::RingShared; only when recording
    owner_fd = 6,  ///< asks for true owners, see OwnerMessage
    input_fd = 7,  ///< replay: memfd with what the player reads
    first_free_fd = 8,
};

enum class Kind : std::uint32_t {
    // from the Sentry
    want_id_maps = 1, ///< it has unshared its user namespace; Body: nothing
    confined,         ///< Body::value: 1 where the namespace has one id
    started,          ///< the guest's first program runs
    not_executed,     ///< Body::value: errno of the first exec, text: why, in a few words; the Sentry ends
    stopped,          ///< Body::value: the signal that stopped the guest's foreground job as a whole
    ended,            ///< Body::value: wait status of the guest's first process
    failure,          ///< text: one line; the Sentry ends
    report,           ///< text, in pieces; an empty piece ends it
    // from the supervisor
    id_maps,          ///< Body::value: 1 where all ids are mapped, 0 where the own one is, -1 where that failed
    signal,           ///< Body::value: signal, Body::flag: 1 from the terminal
    resume,           ///< continue the stopped job
    finish,           ///< boundary: what was to be looked at has been seen
    go,               ///< recording: the trace is open, the first program may run
};

constexpr std::size_t max_text = 16 * 1024;

struct Message {
    Kind kind;
    std::int32_t value;
    std::int32_t flag;
    std::uint32_t length; ///< of text
    char text[max_text];
};
constexpr std::size_t message_head = offsetof(Message, text);

/// On the owner socket: a request is one byte with the directory's descriptor (SCM_RIGHTS). The answer is datagrams of OwnerEntry,
/// each followed by `name_length` bytes; an entry with `name_length` 0 ends the answer, its uid then being an errno or 0.
struct OwnerEntry {
    std::uint32_t uid;
    std::uint32_t gid;
    std::uint16_t name_length;
    std::uint16_t reserved;
};
constexpr std::size_t owner_datagram = 16 * 1024;

}
