// Files: written whole or not at all, read through a map.
// Why: a training run is worth more than the second that fsync costs; whatever the moment of a
// crash, the name holds the old content or the new one, never a part.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace proa {

// Writes the pieces one after another as the new content of `path`: temporary file in the same
// folder, fsync, rename, fsync of the folder. On an error (UserError(io), with path and reason) the
// old content stands and the temporary file is gone; one left by a killed writer is removed by the
// next write of the same path. A link is followed; what is not a regular file is refused;
// permissions are kept.
void write_file(const std::string& path, std::span<const std::span<const std::byte>> pieces);

// Gives a folder whose files were written and flushed its final name, which nothing may have yet;
// afterwards a crash loses neither. UserError(io) otherwise, and nothing has changed.
void publish_folder(const std::string& from, const std::string& to);

// For tests: of the calls to the system that writing makes (write, fsync, rename), the one of this
// number from now on fails with `error`, an errno; with `stays`, all behind it do too, as on a full
// disk. A negative number ends it.
void fail_file_calls(int64_t number, int error = 0, bool stays = false);

// The content of a file as memory. Pages are read when touched and are private: writing to them
// changes neither the file nor another map of it. Shortening the file while it is mapped makes the
// lost pages fault (SIGBUS); write_file never does that, since it replaces the name and not the
// bytes.
class MappedFile {
 public:
  static std::shared_ptr<MappedFile> open(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::string& path() const { return path_; }
  std::byte* data() const { return data_; }
  size_t size() const { return size_; }
  std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  MappedFile(std::string path, std::byte* data, size_t size)
      : path_(std::move(path)), data_(data), size_(size) {}
  std::string path_;
  std::byte* data_;
  size_t size_;
};

}  // namespace proa
