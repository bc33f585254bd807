// See schema.h. Times are nanoseconds, addresses and arguments the bits of unsigned numbers, "event" columns ids of `event`.
// Rows that hang on an event (`data`, `host_call`) have ids of event << 20 | n: `id BETWEEN e << 20 AND (e << 20) + 1048575`
// finds them without an index. NULL stands for 0 or "none" wherever a value may be missing.
#include "trace/schema.h"

#include "trace/errno_table.h"
#include "trace/syscall_table.h"

#include <fmt/format.h>

namespace ringside::trace {

// Where events are many every column costs a byte a row even when it is NULL, so `event` holds what most rows have or what
// readers need at once; what is scanned in whole comes first. `ret` is NULL while a call has not come back.
const char* const schema_sql = R"sql(
CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE event(
  id INTEGER PRIMARY KEY,  -- dense from 1, in the order of entry
  kind INTEGER,            -- event_kind
  ts INTEGER,              -- ns since the recording began
  dur INTEGER,             -- ns in the kernel, waiting included
  thread INTEGER,
  nr INTEGER,              -- system call, or signal
  ret INTEGER,             -- -4095..-1: an errno. NULL: has not come back
  verdict INTEGER,         -- verdict
  flags INTEGER,           -- 2 restarted, 4 fatal
  host_calls INTEGER,
  path INTEGER,            -- string: the path that the call is about
  a0 INTEGER, a1 INTEGER, a2 INTEGER, a3 INTEGER, a4 INTEGER, a5 INTEGER, -- NULL past the call's last argument
  ip INTEGER,
  object INTEGER,          -- object: what the first descriptor argument refers to
  of INTEGER,              -- resume: the call that comes back
  done INTEGER,            -- a call that blocked: the event of kind resume that completes it
  waker INTEGER,           -- resume: the event that ended the wait
  regs INTEGER             -- hash of the general registers at entry
);
CREATE TABLE data(
  id INTEGER PRIMARY KEY,  -- event << 20 | n
  arg INTEGER,             -- 0..5; 254 a page of a mapping, 251..253 registers, 248 a siginfo; NULL: none of these
  direction INTEGER,       -- 0 copied in from the guest, 1 copied out to it
  capped INTEGER,          -- 1: the guest's buffer was longer than what is kept
  address INTEGER,
  offset INTEGER,          -- of this chunk in the whole copy
  length INTEGER,          -- of the whole copy
  blob INTEGER,            -- the bytes are there instead
  bytes BLOB,
  event INTEGER GENERATED ALWAYS AS (id >> 20) VIRTUAL
);
CREATE TABLE blob(
  id INTEGER PRIMARY KEY,
  hash BLOB,               -- XXH3, 128 bits
  length INTEGER,          -- of the content
  coding INTEGER,          -- 0 plain, 1 zstd
  bytes BLOB
);
CREATE TABLE string(id INTEGER PRIMARY KEY, text);  -- a BLOB where it is no UTF-8
CREATE TABLE process(id INTEGER PRIMARY KEY, parent INTEGER, uid INTEGER, gid INTEGER, started INTEGER, ended INTEGER, status INTEGER);
CREATE TABLE thread(id INTEGER PRIMARY KEY, process INTEGER, started INTEGER, ended INTEGER, status INTEGER);
CREATE TABLE comm(thread INTEGER, event INTEGER, name TEXT);   -- the thread is called so from this event on
CREATE TABLE exec(event INTEGER PRIMARY KEY, process INTEGER, path INTEGER, argc INTEGER, argv BLOB); -- argv: NUL after each
CREATE TABLE object(id INTEGER PRIMARY KEY, kind INTEGER, path INTEGER, event INTEGER);
-- Intervals of events: true just after `opened`/`from`, no longer after `closed`/`to` (NULL: to the end).
CREATE TABLE fd(id INTEGER PRIMARY KEY, process INTEGER, number INTEGER, object INTEGER, opened INTEGER, closed INTEGER);
CREATE TABLE mapping(id INTEGER PRIMARY KEY, process INTEGER, start INTEGER, "end" INTEGER, prot INTEGER, flags INTEGER,
  object INTEGER, offset INTEGER, "from" INTEGER, "to" INTEGER);
CREATE TABLE host_call(
  id INTEGER PRIMARY KEY,  -- event << 20 | n; event 0: not caused by the program
  nr INTEGER, count INTEGER, ns INTEGER,
  event INTEGER GENERATED ALWAYS AS (id >> 20) VIRTUAL
);
CREATE TABLE switch(event INTEGER PRIMARY KEY, thread INTEGER, kind INTEGER, place BLOB);
CREATE TABLE stack(id INTEGER PRIMARY KEY, event INTEGER, frames BLOB);
CREATE TABLE mark(id INTEGER PRIMARY KEY, event INTEGER, text TEXT, colour TEXT);
CREATE TABLE syscall(nr INTEGER PRIMARY KEY, name TEXT, arguments TEXT, groups TEXT);
CREATE TABLE errno(number INTEGER PRIMARY KEY, name TEXT, text TEXT);
CREATE TABLE event_kind(id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE verdict(id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE object_kind(id INTEGER PRIMARY KEY, name TEXT);

CREATE VIEW syscalls AS SELECT
  e.id AS id,
  e.ts / 1e9 AS time,
  t.process AS process,
  e.thread AS thread,
  coalesce(s.name, 'syscall_' || e.nr) AS name,
  coalesce(CASE WHEN e.a0 BETWEEN -65536 AND 65536 THEN e.a0
         WHEN e.a0 BETWEEN 4294901760 AND 4294967295 THEN e.a0 - 4294967296
         WHEN e.a0 IS NOT NULL THEN printf('0x%x', e.a0) END, '')
    || coalesce(CASE WHEN e.a1 BETWEEN -65536 AND 65536 THEN ', ' || e.a1
         WHEN e.a1 BETWEEN 4294901760 AND 4294967295 THEN ', ' || (e.a1 - 4294967296)
         WHEN e.a1 IS NOT NULL THEN printf(', 0x%x', e.a1) END, '')
    || coalesce(CASE WHEN e.a2 BETWEEN -65536 AND 65536 THEN ', ' || e.a2
         WHEN e.a2 BETWEEN 4294901760 AND 4294967295 THEN ', ' || (e.a2 - 4294967296)
         WHEN e.a2 IS NOT NULL THEN printf(', 0x%x', e.a2) END, '')
    || coalesce(CASE WHEN e.a3 BETWEEN -65536 AND 65536 THEN ', ' || e.a3
         WHEN e.a3 BETWEEN 4294901760 AND 4294967295 THEN ', ' || (e.a3 - 4294967296)
         WHEN e.a3 IS NOT NULL THEN printf(', 0x%x', e.a3) END, '')
    || coalesce(CASE WHEN e.a4 BETWEEN -65536 AND 65536 THEN ', ' || e.a4
         WHEN e.a4 BETWEEN 4294901760 AND 4294967295 THEN ', ' || (e.a4 - 4294967296)
         WHEN e.a4 IS NOT NULL THEN printf(', 0x%x', e.a4) END, '')
    || coalesce(CASE WHEN e.a5 BETWEEN -65536 AND 65536 THEN ', ' || e.a5
         WHEN e.a5 BETWEEN 4294901760 AND 4294967295 THEN ', ' || (e.a5 - 4294967296)
         WHEN e.a5 IS NOT NULL THEN printf(', 0x%x', e.a5) END, '') AS arguments,
  p.text AS path,
  CASE WHEN e.ret IS NULL THEN '?'
       WHEN e.ret BETWEEN -4095 AND -1 THEN '-1 ' || coalesce(n.name, 'errno ' || -e.ret)
       WHEN e.ret BETWEEN -65536 AND 0x7fffffff THEN CAST(e.ret AS TEXT)
       ELSE printf('0x%x', e.ret) END AS result,
  e.ret AS ret,
  n.name AS errno,
  e.dur / 1e9 AS duration,
  e.host_calls AS host_calls,
  v.name AS verdict
FROM event e
  LEFT JOIN syscall s ON s.nr = e.nr
  LEFT JOIN thread t ON t.id = e.thread
  LEFT JOIN string p ON p.id = e.path
  LEFT JOIN errno n ON n.number = -e.ret
  LEFT JOIN verdict v ON v.id = e.verdict
WHERE e.kind = 1;
)sql";

const char* const index_sql = R"sql(
CREATE INDEX IF NOT EXISTS fd_process ON fd(process, number, opened);
CREATE INDEX IF NOT EXISTS mapping_process ON mapping(process, "from");
CREATE INDEX IF NOT EXISTS comm_thread ON comm(thread, event);
)sql";

namespace {

std::string argument_names(const SyscallInfo& info)
{
    std::string names;
    for (const Arg& arg : info.args())
        names += fmt::format("{}{}", names.empty() ? "" : ", ", arg.name);
    return names;
}

std::string group_list(const SyscallInfo& info)
{
    std::string names;
    for (const GroupName& group : group_names)
        if (info.in_group(group.bit))
            names += fmt::format("{}{}", names.empty() ? "" : " ", group.name);
    return names;
}

template <std::size_t count>
void fill_enumeration(Database& database, std::string_view sql, int first, const std::array<std::string_view, count>& names)
{
    Statement insert = database.prepare(sql);
    for (std::string_view name : names) {
        insert.bind(1, std::int64_t{first++});
        insert.bind(2, name);
        insert.run();
    }
}

}

void fill_names(Database& database)
{
    Statement call = database.prepare("INSERT INTO syscall VALUES(?1, ?2, ?3, ?4)");
    for (const SyscallInfo& info : syscalls) {
        std::string arguments = argument_names(info), groups = group_list(info);
        call.bind(1, std::int64_t{info.nr});
        call.bind(2, info.name);
        call.bind(3, std::string_view(arguments));
        call.bind(4, std::string_view(groups));
        call.run();
    }
    Statement error = database.prepare("INSERT INTO errno VALUES(?1, ?2, ?3)");
    for (const ErrnoEntry& entry : errno_table()) {
        error.bind(1, std::int64_t{entry.number});
        error.bind(2, entry.name);
        error.bind(3, entry.text);
        error.run();
    }
    fill_enumeration(database, "INSERT INTO event_kind VALUES(?1, ?2)", 1,
        std::array<std::string_view, 12>{"syscall", "resume", "signal", "fault", "page_in", "instruction", "exec", "exit", "stop", "preempt", "policy", "marker"});
    fill_enumeration(database, "INSERT INTO verdict VALUES(?1, ?2)", 0,
        std::array<std::string_view, 4>{"served", "denied", "injected", "unsupported"});
    fill_enumeration(database, "INSERT INTO object_kind VALUES(?1, ?2)", 0,
        std::array<std::string_view, 16>{"other", "file", "directory", "pipe", "fifo", "socket", "tty", "char_device", "block_device", "eventfd",
            "epoll", "timerfd", "signalfd", "memfd", "pidfd", "inotify"});
}

}
