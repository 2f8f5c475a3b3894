// Objects on disk, by what they were made from: kernels that an earlier process compiled.
// Why on disk: the first step of a training run should not wait for a compiler twice.
#pragma once

#include <cstddef>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace proa::tier {

// A folder of files, each checked against its key and its checksum when read; safe for many
// processes at once. Since what is read is run, a folder that is not this user's alone to write is
// not used. Trouble with the folder never becomes an error: nothing is found then, and
// nothing kept.
class ObjectCache {
 public:
  // No folder: nothing is kept. `limit`: bytes; what was not used for longest goes first.
  ObjectCache(std::string folder, size_t limit);

  std::vector<std::byte> find(std::string_view key);  // empty if absent or damaged
  bool holds(std::string_view key) const;             // maybe damaged
  void store(std::string_view key, std::span<const std::byte> object);

  int64_t clear();  // removes all objects; bytes that were freed

  const std::string& folder() const { return folder_; }

 private:
  std::string path(std::string_view key) const;
  void make_room(size_t bytes);
  void clear_out(size_t bytes);
  std::string folder_;
  size_t limit_;
  std::mutex mutex_;
  size_t written_ = 0;  // bytes since the folder was last looked through, 0 before
  size_t free_ = 0;     // how many it could take then
};

// What is read from a cache is believed: whether nobody but this user, and root, can write there.
bool is_private_folder(const std::string& folder);
bool make_private_folder(const std::string& folder);  // with those above it; false: it is not ours

// PROA_CACHE_DIR, else proa/ in XDG_CACHE_HOME or ~/.cache; PROA_CACHE_DIR= keeps nothing.
// PROA_CACHE_LIMIT_MB is 512.
ObjectCache& object_cache();

}  // namespace proa::tier
