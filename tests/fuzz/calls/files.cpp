// Steps on the contents of files and on what lies between two descriptors.
#include "machine.h"

#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

namespace fuzz {
namespace {

long data_in(Call& call, long bytes)
{
    static char data[3 * page];
    for (long i = 0; i < 3 * page; ++i)
        data[i] = static_cast<char>(i + call.step() * 3 + i / 200);
    return call.in(data, bytes < 0 || bytes > 3 * page ? 3 * page : bytes);
}

long vectors(Call& call, long& count, bool in)
{
    iovec parts[4];
    for (iovec& part : parts) {
        long bytes = call.random.one_in(10) ? call.size() : call.random.below(200);
        part = {reinterpret_cast<void*>(in ? data_in(call, bytes) : call.out(bytes)), static_cast<size_t>(bytes)};
    }
    count = call.random.one_in(10) ? call.odd_number() : call.random.below(5);
    if (count > 4 && count < 2000)
        count = 4;
    return call.in(parts, sizeof parts);
}

// 64 KiB at the most: a file may be sparse and a terabyte long.
long span_size(Call& call)
{
    return call.random.one_in(12) ? call.random.pick({0, -1, static_cast<long>(0x8000000000000000)}) : call.random.below(call.random.one_in(3) ? 65536 : 500);
}

long offset_pointer(Call& call)
{
    return call.random.one_in(2) ? 0 : call.in(call.random.one_in(6) ? call.offset() : call.random.below(6000));
}

void read_(Call& c) { long n = c.size(); c.go("read", SYS_read, c.fd(), c.out(n), n); }
void write_(Call& c) { long n = c.size(); c.go("write", SYS_write, c.fd(), data_in(c, n), n); }
void pread_(Call& c) { long n = c.size(); c.go("pread64", SYS_pread64, c.fd(), c.out(n), n, c.offset()); }
void pwrite_(Call& c) { long n = c.size(); c.go("pwrite64", SYS_pwrite64, c.fd(), data_in(c, n), n, c.offset()); }
void readv_(Call& c) { long n; long v = vectors(c, n, false); c.go("readv", SYS_readv, c.fd(), v, n); }
void writev_(Call& c) { long n; long v = vectors(c, n, true); c.go("writev", SYS_writev, c.fd(), v, n); }
void preadv_(Call& c) { long n; long v = vectors(c, n, false); c.go("preadv", SYS_preadv, c.fd(), v, n, c.offset(), 0); }
void pwritev_(Call& c) { long n; long v = vectors(c, n, true); c.go("pwritev", SYS_pwritev, c.fd(), v, n, c.offset(), 0); }
void preadv2_(Call& c) { long n; long v = vectors(c, n, false); c.go("preadv2", SYS_preadv2, c.fd(), v, n, c.offset(), 0, 0); }
void pwritev2_(Call& c) { long n; long v = vectors(c, n, true); c.go("pwritev2", SYS_pwritev2, c.fd(), v, n, c.offset(), 0, c.random.pick({0, 0, 2, 4})); }
// Holes are as large as the file system makes them: SEEK_DATA and SEEK_HOLE only where there can be none.
void lseek_(Call& c) { c.go("lseek", SYS_lseek, c.fd(), c.offset(), c.random.one_in(8) ? c.random.pick({5, -1, 99}) : c.random.below(3)); }
void truncate_(Call& c) { c.go("truncate", SYS_truncate, c.path(), c.offset()); }
void ftruncate_(Call& c) { c.go("ftruncate", SYS_ftruncate, c.fd(), c.offset()); }
void fallocate_(Call& c)
{
    long mode = c.random.pick({0, FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE});
    c.go("fallocate", SYS_fallocate, c.fd(), mode, c.random.one_in(8) ? -1 : c.random.below(20000), c.random.one_in(8) ? c.random.pick({0, -1, 0x7fffffffffffffff}) : c.random.below(20000));
}
void sendfile_(Call& c) { c.go("sendfile", SYS_sendfile, c.fd(), c.fd(), offset_pointer(c), span_size(c)); }
void copy_range_(Call& c)
{
    c.go("copy_file_range", SYS_copy_file_range, c.fd(), offset_pointer(c), c.fd(), offset_pointer(c), span_size(c), c.random.one_in(8) ? 1 : 0);
}
void splice_(Call& c)
{
    c.go("splice", SYS_splice, c.fd(), offset_pointer(c), c.fd(), offset_pointer(c), span_size(c), SPLICE_F_NONBLOCK | c.random.flags({SPLICE_F_MOVE, SPLICE_F_MORE}));
}
void tee_(Call& c) { c.go("tee", SYS_tee, c.fd(), c.fd(), span_size(c), SPLICE_F_NONBLOCK | c.random.flags({SPLICE_F_MORE})); }
void fsync_(Call& c) { c.go("fsync", SYS_fsync, c.fd()); }
void fdatasync_(Call& c) { c.go("fdatasync", SYS_fdatasync, c.fd()); }
void sync_range_(Call& c) { c.go("sync_file_range", SYS_sync_file_range, c.fd(), c.offset(), c.random.below(9000), c.random.flags({1, 2, 4})); }
void fadvise_(Call& c) { c.go("fadvise64", SYS_fadvise64, c.fd(), c.offset(), c.offset(), c.random.below(8)); }
void readahead_(Call& c) { c.go("readahead", SYS_readahead, c.fd(), c.offset(), c.random.below(9000)); }
void memfd_(Call& c) { c.go("memfd_create", SYS_memfd_create, c.path(), c.random.flags({MFD_CLOEXEC, MFD_ALLOW_SEALING, MFD_ALLOW_SEALING})); }
void seal_(Call& c) { c.go("fcntl_add_seals", SYS_fcntl, c.fd(), F_ADD_SEALS, c.random.flags({1, 2, 4, 8, 16})); }
void seals_(Call& c) { c.go("fcntl_get_seals", SYS_fcntl, c.fd(), F_GET_SEALS); }

const Entry steps[] = {{"files", 8, read_}, {"files", 10, write_}, {"files", 5, pread_}, {"files", 6, pwrite_}, {"files", 4, readv_}, {"files", 4, writev_},
    {"files", 2, preadv_}, {"files", 2, pwritev_}, {"files", 1, preadv2_}, {"files", 1, pwritev2_}, {"files", 8, lseek_}, {"files", 3, truncate_}, {"files", 4, ftruncate_},
    {"files", 4, fallocate_}, {"between", 5, sendfile_}, {"between", 5, copy_range_}, {"between", 7, splice_}, {"between", 4, tee_}, {"files", 1, fsync_}, {"files", 1, fdatasync_},
    {"files", 1, sync_range_}, {"files", 1, fadvise_}, {"files", 1, readahead_}, {"files", 2, memfd_}, {"files", 2, seal_}, {"files", 1, seals_}};

}

std::span<const Entry> file_steps() { return steps; }

}
