// What describes files and descriptors: stat, statx, statfs, directory entries, locks, poll and epoll, open_how.
#include "trace/decode/context.h"

#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/statfs.h>

namespace ringside::trace {

namespace {

std::optional<Node> decode_stat(Context& context, std::uint64_t address, Direction direction)
{
    auto st = context.data.read_as<struct stat>(address, direction);
    if (!st)
        return std::nullopt;
    Fields fields(*st, address);
    bool special = S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode);
    auto mode_and_size = [&] {
        if (special)
            fields.add("st_rdev", st->st_rdev, device(st->st_rdev));
        else
            fields.num("st_size", st->st_size);
    };
    if (!context.options.verbose) {
        fields.add("st_mode", st->st_mode, mode_node(st->st_mode, true));
        mode_and_size();
        return fields.more().take();
    }
    fields.add("st_dev", st->st_dev, device(st->st_dev)).num("st_ino", st->st_ino)
        .add("st_mode", st->st_mode, mode_node(st->st_mode, true)).num("st_nlink", st->st_nlink).num("st_uid", st->st_uid)
        .num("st_gid", st->st_gid).num("st_blksize", st->st_blksize).num("st_blocks", st->st_blocks);
    mode_and_size();
    auto time = [&](std::string_view name, const timespec& when) {
        fields.add(name, when.tv_sec, seconds_with_date(when.tv_sec, when.tv_nsec));
        fields.num(name == "st_atime" ? "st_atime_nsec" : name == "st_mtime" ? "st_mtime_nsec" : "st_ctime_nsec", when.tv_nsec);
    };
    time("st_atime", st->st_atim);
    time("st_mtime", st->st_mtim);
    time("st_ctime", st->st_ctim);
    return fields.take();
}

Node statx_time(const statx_timestamp& time)
{
    Node node = Node::group("{", ", ", "}");
    node.field("tv_sec", number(time.tv_sec));
    node.field("tv_nsec", unsigned_number(time.tv_nsec));
    std::string date = date_text(time.tv_sec, time.tv_nsec);
    if (date.empty())
        return node;
    Node dated = Node::group("", " ", "");
    dated.item(std::move(node));
    dated.item(comment(date));
    return dated;
}

std::optional<Node> decode_statx(Context& context, std::uint64_t address, Direction direction)
{
    auto sx = context.data.read_as<struct statx>(address, direction);
    if (!sx)
        return std::nullopt;
    Fields fields(*sx, address);
    fields.flags("stx_mask", sx->stx_mask, "statx_masks");
    if (context.options.verbose)
        fields.num("stx_blksize", sx->stx_blksize);
    fields.flags("stx_attributes", sx->stx_attributes, "statx_attributes");
    if (context.options.verbose)
        fields.num("stx_nlink", sx->stx_nlink).num("stx_uid", sx->stx_uid).num("stx_gid", sx->stx_gid);
    fields.add("stx_mode", sx->stx_mode, mode_node(sx->stx_mode, true));
    if (context.options.verbose)
        fields.num("stx_ino", sx->stx_ino);
    fields.num("stx_size", sx->stx_size);
    if (!context.options.verbose)
        return fields.more().take();
    fields.num("stx_blocks", sx->stx_blocks).flags("stx_attributes_mask", sx->stx_attributes_mask, "statx_attributes");
    fields.add("stx_atime", sx->stx_atime, statx_time(sx->stx_atime));
    if (sx->stx_mask & STATX_BTIME)
        fields.add("stx_btime", sx->stx_btime, statx_time(sx->stx_btime));
    fields.add("stx_ctime", sx->stx_ctime, statx_time(sx->stx_ctime)).add("stx_mtime", sx->stx_mtime, statx_time(sx->stx_mtime));
    fields.num("stx_rdev_major", sx->stx_rdev_major).num("stx_rdev_minor", sx->stx_rdev_minor)
        .num("stx_dev_major", sx->stx_dev_major).num("stx_dev_minor", sx->stx_dev_minor);
    fields.hex("stx_mnt_id", sx->stx_mnt_id);
    return fields.take();
}

std::optional<Node> decode_statfs(Context& context, std::uint64_t address, Direction direction)
{
    auto fs = context.data.read_as<struct statfs>(address, direction);
    if (!fs)
        return std::nullopt;
    Fields fields(*fs, address);
    fields.flags("f_type", fs->f_type, "statfs_types").num("f_bsize", fs->f_bsize).num("f_blocks", fs->f_blocks)
        .num("f_bfree", fs->f_bfree).num("f_bavail", fs->f_bavail).num("f_files", fs->f_files).num("f_ffree", fs->f_ffree);
    auto id = [&](int i) { return static_cast<std::uint32_t>(fs->f_fsid.__val[i]); };
    fields.add("f_fsid", fs->f_fsid, Node::leaf(fmt::format("{{val=[{:#x}, {:#x}]}}", id(0), id(1)), Token::number));
    fields.num("f_namelen", fs->f_namelen).num("f_frsize", fs->f_frsize).flags("f_flags", fs->f_flags, "statfs_flags");
    return fields.take();
}

struct DirentHead {
    std::uint64_t ino;
    std::int64_t off;
    std::uint16_t reclen;
} __attribute__((packed));

/// The entries of getdents (type in the last byte) and getdents64 (type before the name): how many, or with -v all.
std::optional<Node> decode_entries(Context& context, std::uint64_t address, Direction direction, bool wide)
{
    if (!context.succeeded())
        return std::nullopt;
    auto length = static_cast<std::size_t>(std::clamp<std::int64_t>(context.event.ret, 0, 1 << 20));
    std::string bytes = context.data.read(address, length, direction);
    if (bytes.size() < length)
        return std::nullopt;
    Node list = Node::group("[", ", ", "]");
    std::size_t count = 0, name_at = wide ? 19 : 18;
    for (std::size_t at = 0; at + name_at < bytes.size(); ++count) {
        DirentHead head;
        std::memcpy(&head, bytes.data() + at, sizeof head);
        if (head.reclen <= name_at || head.reclen > bytes.size() - at)
            break;
        if (context.options.verbose && context.spend()) {
            Fields fields(head, address + at);
            std::uint64_t ino = head.ino;
            std::int64_t off = head.off;
            std::uint16_t reclen = head.reclen;
            std::string_view name = std::string_view(bytes).substr(at + name_at, head.reclen - name_at - (wide ? 0 : 1));
            auto type = static_cast<unsigned char>(bytes[at + (wide ? 18 : head.reclen - 1U)]);
            Node& node = fields.node();
            node.field("d_ino", unsigned_number(ino));
            node.field("d_off", number(off));
            node.field("d_reclen", unsigned_number(reclen));
            if (wide)
                node.field("d_type", flags_node("dirent_types", type));
            node.field("d_name", text_field(name));
            if (!wide)
                node.field("d_type", flags_node("dirent_types", type));
            list.item(fields.take());
        }
        at += head.reclen;
    }
    list.length = length;
    if (context.options.verbose)
        return list;
    Node node = Node::group("", " ", "");
    node.item(address_node(address));
    node.item(comment(fmt::format("{} entries", count)));
    return node;
}

std::optional<Node> decode_dirents64(Context& context, std::uint64_t address, Direction direction) { return decode_entries(context, address, direction, true); }
std::optional<Node> decode_dirents(Context& context, std::uint64_t address, Direction direction) { return decode_entries(context, address, direction, false); }

std::optional<Node> decode_pollfd(Context& context, std::uint64_t address, Direction direction)
{
    auto fd = context.data.read_as<pollfd>(address, direction);
    if (!fd)
        return std::nullopt;
    Fields fields(*fd, address);
    fields.add("fd", fd->fd, fd_node(context, fd->fd));
    if (fd->fd >= 0)
        fields.flags("events", fd->events, "poll_events");
    return fields.take();
}

std::optional<Node> decode_fd_set(Context& context, std::uint64_t address, Direction direction)
{
    auto nfds = static_cast<std::int32_t>(context.arg("nfds"));
    std::size_t count = static_cast<std::size_t>(std::clamp(nfds, 0, 65536));
    std::string bytes = context.data.read(address, (count + 63) / 64 * 8, direction);
    if (bytes.empty() && count > 0)
        return std::nullopt;
    Node node = Node::group("[", " ", "]");
    for (std::size_t fd = 0; fd < std::min(count, bytes.size() * 8); ++fd)
        if ((static_cast<unsigned char>(bytes[fd / 8]) >> (fd % 8) & 1) && context.spend())
            node.item(fd_node(context, static_cast<std::int64_t>(fd)));
    return node;
}

std::optional<Node> decode_epoll_event(Context& context, std::uint64_t address, Direction direction)
{
    auto event = context.data.read_as<epoll_event>(address, direction);
    if (!event)
        return std::nullopt;
    std::uint64_t data = event->data.u64;
    Node node = Node::group("{", ", ", "}");
    node.length = sizeof(epoll_event);
    node.field("events", flags_node("epoll_events", event->events));
    node.field("data", Node::leaf(fmt::format("{{u32={}, u64={}}}", static_cast<std::uint32_t>(data), data), Token::number, data));
    return node;
}

std::optional<Node> decode_flock(Context& context, std::uint64_t address, Direction direction)
{
    auto lock = context.data.read_as<struct flock>(address, direction);
    if (!lock)
        return std::nullopt;
    Fields fields(*lock, address);
    fields.flags("l_type", lock->l_type, "lock_types").flags("l_whence", lock->l_whence, "whence").num("l_start", lock->l_start).num("l_len", lock->l_len);
    if (direction == Direction::out)
        fields.num("l_pid", lock->l_pid);
    return fields.take();
}

std::optional<Node> decode_open_how(Context& context, std::uint64_t address, Direction direction)
{
    auto how = context.data.read_as<open_how>(address, direction);
    if (!how)
        return std::nullopt;
    Fields fields(*how, address);
    fields.flags("flags", how->flags, "open_flags");
    if (how->mode || makes_file(how->flags))
        fields.add("mode", how->mode, mode_node(how->mode, false));
    return fields.flags("resolve", how->resolve, "resolve_flags").take();
}

constexpr StructEntry entries[] = {
    {"stat", decode_stat}, {"statx", decode_statx}, {"statfs", decode_statfs}, {"dirents64", decode_dirents64},
    {"dirents", decode_dirents}, {"pollfd", decode_pollfd, sizeof(pollfd)}, {"fd_set", decode_fd_set},
    {"epoll_event", decode_epoll_event, sizeof(epoll_event)}, {"flock", decode_flock}, {"open_how", decode_open_how},
};

}

std::span<const StructEntry> file_structs() { return entries; }

}
