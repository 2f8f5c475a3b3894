#include "proa/base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include "proa/base/error.h"
#include "proa/base/thread_pool.h"

namespace proa {

namespace {

constexpr size_t kWriteStep = 16 << 20;  // between steps Ctrl-C is honoured
constexpr size_t kNameKept = 200;        // of at most 255 bytes; the rest is for what we add
constexpr std::string_view kTemporarySuffix = ".tmp";
constexpr size_t kRandomDigits = 8;

[[noreturn]] void fail(std::string_view action, const std::string& path, int error) {
  throw UserError(ErrorKind::io,
                  str("cannot ", action, " ", path, ": ", std::generic_category().message(error)));
}

// The calls of fail_file_calls().
struct Faults {
  std::atomic<int64_t> left{-1};
  std::atomic<int> error{0};
  std::atomic<bool> stays{false};
};
Faults faults;

bool fails() {
  if (faults.left.load(std::memory_order_relaxed) < 0) [[likely]]
    return false;
  int64_t now = faults.left.fetch_sub(1);
  if (now > 0) return false;
  faults.left = faults.stays ? 0 : -1;
  errno = faults.error;
  return true;
}

ssize_t write_some(int fd, const void* data, size_t size) {
  return fails() ? -1 : ::write(fd, data, size);
}
int flush(int fd) { return fails() ? -1 : ::fsync(fd); }
int rename_at(int folder, const char* from, int to_folder, const char* to) {
  return fails() ? -1 : ::renameat(folder, from, to_folder, to);
}

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

struct Target {
  std::string folder, name;
  std::optional<mode_t> mode;  // of the file that is there
};

Target find_target(const std::string& path) {
  if (path.empty()) throw UserError(ErrorKind::io, "cannot write a file without a name");
  if (path.find('\0') != std::string::npos) {
    throw UserError(ErrorKind::io, "cannot write a file whose name holds a zero byte");
  }
  std::string resolved = path;
  struct stat info;
  Target target;
  if (::lstat(path.c_str(), &info) == 0) {
    char* real = ::realpath(path.c_str(), nullptr);
    if (!real) fail("follow the link", path, errno);
    resolved = real;
    std::free(real);
    if (::stat(resolved.c_str(), &info) != 0) fail("examine", resolved, errno);
    if (!S_ISREG(info.st_mode)) {
      throw UserError(ErrorKind::io,
                      str("cannot write ", path, ": it is ",
                          S_ISDIR(info.st_mode) ? "a folder" : "not a regular file"));
    }
    target.mode = info.st_mode & 07777;
  } else if (errno != ENOENT) {
    fail("write", path, errno);
  }
  size_t slash = resolved.rfind('/');
  target.folder = slash == std::string::npos ? "." : resolved.substr(0, slash + 1);
  target.name = slash == std::string::npos ? resolved : resolved.substr(slash + 1);
  if (target.name.empty()) {
    throw UserError(ErrorKind::io, str("cannot write ", path, ": the folder does not exist"));
  }
  return target;
}

std::string temporary_prefix(const Target& target) {
  return str(".", std::string_view(target.name).substr(0, kNameKept), ".");
}

bool is_temporary(std::string_view name, std::string_view prefix) {
  return name.size() == prefix.size() + kRandomDigits + kTemporarySuffix.size() &&
         name.starts_with(prefix) && name.ends_with(kTemporarySuffix);
}

// A living writer holds a lock on its temporary file; without one its writer was killed.
void remove_leftovers(int folder, std::string_view prefix) {
  int copy = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* list = copy < 0 ? nullptr : ::fdopendir(copy);
  if (!list) {
    if (copy >= 0) ::close(copy);
    return;  // a folder that may be written but not listed
  }
  while (dirent* entry = ::readdir(list)) {
    if (!is_temporary(entry->d_name, prefix)) continue;
    Descriptor file(
        ::openat(folder, entry->d_name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (file && ::flock(file.get(), LOCK_EX | LOCK_NB) == 0) ::unlinkat(folder, entry->d_name, 0);
  }
  ::closedir(list);
}

// A new file in the folder; it vanishes with this object unless it was given its final name.
class Temporary {
 public:
  Temporary(int folder, std::string_view prefix, const std::string& path) : folder_(folder) {
    for (int attempt = 0; attempt < 100; ++attempt) {
      uint32_t random = 0;
      if (::getrandom(&random, sizeof random, 0) != sizeof random)
        fail("name a file beside", path, errno);
      char digits[kRandomDigits + 1];
      std::snprintf(digits, sizeof digits, "%08x", random);
      name_ = str(prefix, digits, kTemporarySuffix);
      file_ = ::openat(folder, name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      if (file_ < 0 && errno == EEXIST) continue;
      if (file_ < 0) fail("create a temporary file beside", path, errno);
      ::flock(file_, LOCK_EX);  // where the file system has no locks, leftovers stay
      struct stat info;
      if (::fstat(file_, &info) == 0 && info.st_nlink > 0) return;
      close();  // taken for a leftover in the moment before the lock
    }
    fail("create a temporary file beside", path, EEXIST);
  }
  ~Temporary() {
    if (!name_.empty()) ::unlinkat(folder_, name_.c_str(), 0);
    close();
  }
  Temporary(const Temporary&) = delete;

  int file() const { return file_; }

  void write(std::span<const std::byte> piece, const std::string& path) {
    while (!piece.empty()) {
      throw_if_interrupted();
      ssize_t done = write_some(file_, piece.data(), std::min(piece.size(), kWriteStep));
      if (done < 0 && errno == EINTR) continue;
      if (done < 0) fail("write", path, errno);
      piece = piece.subspan(static_cast<size_t>(done));
    }
  }

  void become(const std::string& name, const std::string& path) {
    if (rename_at(folder_, name_.c_str(), folder_, name.c_str()) != 0) {
      fail("give the new content its name", path, errno);
    }
    name_.clear();
  }

 private:
  void close() {
    if (file_ >= 0) ::close(std::exchange(file_, -1));
  }
  int folder_;
  int file_ = -1;
  std::string name_;
};

}  // namespace

void write_file(const std::string& path, std::span<const std::span<const std::byte>> pieces) {
  Target target = find_target(path);
  Descriptor folder(::open(target.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) fail("open the folder of", path, errno);
  std::string prefix = temporary_prefix(target);
  remove_leftovers(folder.get(), prefix);

  Temporary file(folder.get(), prefix, path);
  for (auto piece : pieces) file.write(piece, path);
  if (target.mode && ::fchmod(file.file(), *target.mode) != 0) {
    fail("keep the permissions of", path, errno);
  }
  if (flush(file.file()) != 0) fail("flush to disk", path, errno);
  file.become(target.name, path);
  // Some file systems cannot flush a folder and say so with EINVAL; they order the rename
  // themselves.
  if (flush(folder.get()) != 0 && errno != EINVAL) {
    fail("flush to disk the folder of the newly written", path, errno);
  }
}

void publish_folder(const std::string& from, const std::string& to) {
  Descriptor inside(::open(from.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!inside) fail("open the folder", from, errno);
  size_t slash = to.rfind('/');
  std::string above = slash == std::string::npos ? "." : to.substr(0, slash + 1);
  Descriptor folder(::open(above.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) fail("open the folder of", to, errno);
  if (flush(inside.get()) != 0 && errno != EINVAL) fail("flush to disk", from, errno);
  // An empty folder would be replaced without a word.
  struct stat info;
  if (::lstat(to.c_str(), &info) == 0) fail("rename a folder to", to, EEXIST);
  if (rename_at(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str()) != 0) {
    fail("rename a folder to", to, errno);
  }
  if (flush(folder.get()) != 0 && errno != EINVAL) {
    fail("flush to disk the folder of the newly written", to, errno);
  }
}

void fail_file_calls(int64_t number, int error, bool stays) {
  faults.error = error;
  faults.stays = stays;
  faults.left = number;
}

std::shared_ptr<MappedFile> MappedFile::open(const std::string& path) {
  // O_NONBLOCK: opening a named pipe must not wait for a writer.
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) fail("open", path, errno);
  struct stat info;
  if (::fstat(file.get(), &info) != 0) fail("examine", path, errno);
  if (!S_ISREG(info.st_mode)) {
    throw UserError(ErrorKind::io, str("cannot read ", path, ": it is ",
                                       S_ISDIR(info.st_mode) ? "a folder" : "not a regular file"));
  }
  auto size = static_cast<size_t>(info.st_size);
  void* data = nullptr;
  if (size != 0) {
    data =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, file.get(), 0);
    if (data == MAP_FAILED) fail("map", path, errno);
  }
  return std::shared_ptr<MappedFile>(new MappedFile(path, static_cast<std::byte*>(data), size));
}

MappedFile::~MappedFile() {
  if (data_) ::munmap(data_, size_);
}

}  // namespace proa
