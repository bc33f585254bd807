// Permission checks that the VFS' own files share. The public ones are in vfs.h.
#pragma once

#include "engine/fs/vfs.h"
#include "engine/kernel/credentials.h"

namespace ringside::fs {

/// As check_permission with other credentials: access(2) asks for the real ids.
Result<void> check_permission_as(const kernel::Credentials& who, const Attributes& attributes, int mask);
/// The file's owner, or CAP_FOWNER.
bool owner_or_capable(Task& task, const Attributes& attributes);
/// EROFS.
Result<void> check_writable_mount(const Path& path);
/// EPERM: a sticky directory protects its entries from everybody but the owners.
Result<void> check_sticky(Task& task, const Attributes& directory, const Attributes& victim);

}
