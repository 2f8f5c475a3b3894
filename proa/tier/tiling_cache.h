// Choices of tilings on disk: one small file beside the objects.
// Why on disk: what was measured once on a machine need not be measured by every process.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace proa::tier {

// A choice by two hashes of what it is for. The file is read once, with its checksum; writing adds
// to what is there by then, under a lock that processes share. A folder that is not this user's
// alone is not used. Trouble with the file never becomes an error: nothing is found, nothing kept.
// Not safe for threads, but for store().
class TilingCache {
 public:
  struct Key {
    uint64_t name, check;
  };
  struct Entry {
    Key key;
    int64_t used;  // seconds since 1970
    uint32_t choice;
    uint32_t zero = 0;
  };

  // No folder: nothing is kept. `limit`: entries; what was not used for longest goes first.
  explicit TilingCache(std::string folder, size_t limit = 4096);

  std::optional<uint32_t> find(Key key);
  void keep(Key key, uint32_t choice);

  // What the file does not know yet; it is given to store() afterwards.
  bool has_news() const { return !news_.empty(); }
  std::vector<Entry> take_news();
  void store(const std::vector<Entry>& news) const;

  void clear();  // and removes the file, unless another process holds the lock all the while
  int64_t damaged() const { return damaged_; }
  std::string path() const;

 private:
  void load();

  std::string folder_;
  size_t limit_;
  bool loaded_ = false;
  int64_t damaged_ = 0;
  std::unordered_map<uint64_t, Entry> entries_;
  std::vector<Entry> news_;
};

}  // namespace proa::tier
