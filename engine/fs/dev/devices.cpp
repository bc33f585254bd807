// /dev and its memory devices (drivers/char/mem.c, drivers/char/random.c).
#include "engine/fs/dev/devices.h"

#include "engine/fs/kernel_state.h"
#include "engine/fs/tty/pty.h"
#include "engine/kernel/clock.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/task.h"
#include "engine/kernel/thread_group.h"

#include <algorithm>
#include <fcntl.h>
#include <sys/sysmacros.h>

namespace ringside::fs {

namespace {

constexpr unsigned memory_major = 1, tty_major = 5;
enum MemoryMinor : unsigned { null_minor = 3, zero_minor = 5, full_minor = 7, random_minor = 8, urandom_minor = 9 };

class MemoryDevice final : public PlacedFile {
public:
    MemoryDevice(const Path& path, int flags, unsigned minor) : PlacedFile(path, flags), minor_(minor) { }
    trace::ObjectKind trace_kind() const override { return trace::ObjectKind::char_device; }

    Result<std::size_t> read(Task& task, IoBuffer& to, std::optional<std::uint64_t>) override
    {
        if (minor_ == null_minor)
            return std::size_t {0};
        std::vector<std::byte> bytes(std::min<std::uint64_t>(to.remaining(), 65536));
        std::size_t done = 0;
        while (to.remaining() > 0) {
            auto part = std::span(bytes).first(std::min<std::uint64_t>(bytes.size(), to.remaining()));
            if (minor_ == random_minor || minor_ == urandom_minor)
                task.kernel().random(part);
            auto moved = to.put(part);
            if (!moved.ok())
                return done > 0 ? Result<std::size_t>(done) : moved.error();
            done += moved.value();
            if (moved.value() < part.size() || task.signal_pending())
                break;
        }
        return done;
    }
    Result<std::size_t> write(Task&, IoBuffer& from, std::optional<std::uint64_t>) override
    {
        if (minor_ == full_minor)
            return Errno(ENOSPC);
        return static_cast<std::size_t>(from.remaining());
    }
    Result<std::int64_t> seek(Task&, std::int64_t, int) override { return std::int64_t {0}; }
    Result<Ref<mm::Mappable>> mappable(Task& task) override
    {
        if (minor_ != zero_minor)
            return Errno(ENODEV);
        return Ref<mm::Mappable>(make_ref<mm::PageCache>(task.memory(), nullptr, std::uint64_t {1} << 46));
    }

private:
    unsigned minor_;
};

class DeviceNode final : public MemoryNode {
public:
    using MemoryNode::MemoryNode;

    Result<Ref<File>> open(Task& task, const Path& path, int flags) override
    {
        if (!S_ISCHR(type()))
            return MemoryNode::open(task, path, flags);
        dev_t device = own_attributes().special_device;
        if (major(device) == memory_major)
            return Ref<File>(make_ref<MemoryDevice>(path, flags, minor(device)));
        if (major(device) == tty_major && minor(device) == 0)
            return open_controlling_terminal(task, flags);
        if (device == makedev(multiplexer_major, multiplexer_minor))
            return open_master(task, path, flags);
        return Errno(ENXIO);
    }
};

}

Ref<MemoryNode> DeviceFs::make(const MemoryNode*, const NewInode& wanted)
{
    return make_ref<DeviceNode>(*this, wanted, ++last_inode, device);
}

namespace {

/// The caller's terminal under its own name: attributes are those of the descriptor.
class TerminalNode final : public MemoryNode {
public:
    TerminalNode(MemoryFs& fs, const NewInode& wanted, ino_t inode, Ref<HostStreamInode> terminal)
        : MemoryNode(fs, wanted, inode, fs.device), terminal_(std::move(terminal))
    {
    }
    Result<Attributes> attributes(Task& task, Age age) override { return terminal_->attributes(task, age); }
    Result<void> change(Task&, const AttributeChange&) override { return Errno(EPERM); }
    Result<Ref<File>> open(Task& task, const Path&, int flags) override { return open_controlling_terminal(task, flags); }

private:
    Ref<HostStreamInode> terminal_;
};

}

std::string plant_terminal(KernelState& state, Ref<HostStreamInode> terminal, dev_t device)
{
    constexpr unsigned first_pty = 136, last_pty = 143, console = 4;
    MemoryNode& root = *state.devices;
    auto& fs = static_cast<MemoryFs&>(root.fs());
    auto node = make_ref<TerminalNode>(fs, NewInode {.mode = S_IFCHR | 0620, .device = device, .target = {}}, ++fs.last_inode, std::move(terminal));
    if (major(device) >= first_pty && major(device) <= last_pty) {
        unsigned number = (major(device) - first_pty) * 256 + minor(device);
        state.pseudo_terminals->reserve(static_cast<int>(number));
        state.pseudo_terminals->plant_node(std::to_string(number), node);
        return "/dev/pts/" + std::to_string(number);
    }
    if (major(device) == console && minor(device) > 0) {
        std::string name = minor(device) < 64 ? "tty" + std::to_string(minor(device)) : "ttyS" + std::to_string(minor(device) - 64);
        root.plant_node(name, node);
        return "/dev/" + name;
    }
    return "/dev/tty";
}

Ref<MemoryNode> make_device_tree(Ref<DeviceFs> fs, gid_t tty_group)
{
    NewInode directory {.mode = S_IFDIR | 0755, .target = {}};
    Ref<MemoryNode> root = fs->make(nullptr, directory);
    struct Node {
        const char* name;
        mode_t mode;
        unsigned major, minor;
        gid_t group;
    };
    for (const Node& node : {Node {"null", 0666, 1, null_minor, 0}, {"zero", 0666, 1, zero_minor, 0}, {"full", 0666, 1, full_minor, 0},
             {"random", 0666, 1, random_minor, 0}, {"urandom", 0666, 1, urandom_minor, 0}, {"tty", 0666, tty_major, 0, tty_group},
             {"ptmx", 0666, multiplexer_major, multiplexer_minor, tty_group}})
        root->plant(node.name, {.mode = S_IFCHR | node.mode, .gid = node.group, .device = makedev(node.major, node.minor), .target = {}});
    struct Link {
        const char *name, *target;
    };
    for (const Link& link : {Link {"fd", "/proc/self/fd"}, {"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"}, {"stderr", "/proc/self/fd/2"}})
        root->plant(link.name, {.mode = S_IFLNK | 0777, .target = link.target});
    root->plant("shm", {.mode = S_IFDIR | S_ISVTX | 0777, .target = {}});
    root->plant("pts", directory);
    return root;
}

}
