// memfd_create(2): a memory node without a name, and its seals.
#pragma once

#include "engine/fs/file.h"

#include <string>

namespace ringside::fs {

/// `flags`: MFD_ALLOW_SEALING.
Result<Ref<File>> make_memfd(Task& task, const std::string& name, unsigned flags);
/// fcntl F_ADD_SEALS, F_GET_SEALS. EINVAL for what has no seals, EPERM.
Result<long> add_seals(File& file, unsigned seals);
Result<long> get_seals(File& file);

}
