#include "proa/tier/tiling_cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <span>

#include "proa/base/crc32c.h"
#include "proa/base/error.h"
#include "proa/base/file.h"
#include "proa/base/str.h"
#include "proa/tier/object_cache.h"

namespace proa::tier {

namespace {

using Entry = TilingCache::Entry;

constexpr char kMagic[8] = {'p', 'r', 'o', 'a', '.', 't', 'i', 'l'};
constexpr uint32_t kVersion = 1;
constexpr int64_t kDay = 86400;

struct Head {
  char magic[8];
  uint32_t version, crc;  // of the entries
  uint64_t count;
};
static_assert(sizeof(Head) == 24 && sizeof(Entry) == 32);

// Null: there is a file, and it is damaged.
std::optional<std::vector<Entry>> read(const std::string& path) {
  std::vector<Entry> entries;
  if (access(path.c_str(), R_OK) != 0) return entries;
  try {
    auto map = MappedFile::open(path);
    Head head;
    if (map->size() < sizeof head) return std::nullopt;
    std::memcpy(&head, map->data(), sizeof head);
    std::span<const std::byte> rest = map->bytes().subspan(sizeof head);
    bool good = std::memcmp(head.magic, kMagic, sizeof kMagic) == 0 && head.version == kVersion &&
                rest.size() % sizeof(Entry) == 0 && head.count == rest.size() / sizeof(Entry) &&
                head.crc == crc32c(rest);
    if (!good) return std::nullopt;
    entries.resize(head.count);
    if (!rest.empty()) std::memcpy(entries.data(), rest.data(), rest.size());
    return entries;
  } catch (const UserError&) { return std::nullopt; }
}

bool write_all(int file, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    ssize_t n = ::write(file, bytes.data(), bytes.size());
    if (n <= 0) return false;
    bytes = bytes.subspan(static_cast<size_t>(n));
  }
  return true;
}

// Without waiting for the disk: after a crash a checksum is wrong, and a measurement is repeated.
void write(const std::string& path, std::span<const Entry> entries) {
  std::span<const std::byte> bytes = std::as_bytes(entries);
  Head head{};
  std::memcpy(head.magic, kMagic, sizeof kMagic);
  head.version = kVersion;
  head.crc = crc32c(bytes);
  head.count = entries.size();
  std::string fresh = path + ".new";
  int file = open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return;
  bool done = write_all(file, std::as_bytes(std::span(&head, 1))) && write_all(file, bytes);
  done = close(file) == 0 && done;
  if (!done || rename(fresh.c_str(), path.c_str()) != 0) unlink(fresh.c_str());
}

// One process at a time; whoever holds it is done within a millisecond.
class Lock {
 public:
  explicit Lock(const std::string& path)
      : file_(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) {
    constexpr int kTries = 100;
    for (int i = 0; i < kTries && file_ >= 0 && !held_; ++i) {
      held_ = flock(file_, LOCK_EX | LOCK_NB) == 0;
      if (!held_) usleep(2000);
    }
  }
  ~Lock() {
    if (file_ >= 0) close(file_);
  }
  bool held() const { return held_; }

 private:
  int file_;
  bool held_ = false;
};

}  // namespace

TilingCache::TilingCache(std::string folder, size_t limit)
    : folder_(std::move(folder)), limit_(limit) {}

std::string TilingCache::path() const { return folder_ + "/tilings.proa"; }

void TilingCache::load() {
  loaded_ = true;
  if (folder_.empty() || !is_private_folder(folder_)) return;
  auto entries = read(path());
  damaged_ += !entries;
  for (const Entry& entry : entries.value_or(std::vector<Entry>()))
    entries_.insert_or_assign(entry.key.name, entry);
}

std::optional<uint32_t> TilingCache::find(Key key) {
  if (!loaded_) load();
  auto at = entries_.find(key.name);
  if (at == entries_.end() || at->second.key.check != key.check) return std::nullopt;
  Entry& entry = at->second;
  int64_t now = std::time(nullptr);
  if (now - entry.used > kDay) {  // the file need not know by the second
    entry.used = now;
    news_.push_back(entry);
  }
  return entry.choice;
}

void TilingCache::keep(Key key, uint32_t choice) {
  Entry entry{key, std::time(nullptr), choice};
  entries_.insert_or_assign(key.name, entry);
  if (!folder_.empty()) news_.push_back(entry);
}

std::vector<TilingCache::Entry> TilingCache::take_news() {
  std::vector<Entry> taken;
  std::swap(taken, news_);
  return taken;
}

void TilingCache::store(const std::vector<Entry>& news) const {
  if (folder_.empty() || news.empty() || !make_private_folder(folder_)) return;
  Lock lock(path() + ".lock");
  if (!lock.held()) return;
  std::unordered_map<uint64_t, Entry> merged;
  for (const Entry& entry : read(path()).value_or(std::vector<Entry>()))
    merged.insert_or_assign(entry.key.name, entry);
  for (const Entry& entry : news) merged.insert_or_assign(entry.key.name, entry);
  std::vector<Entry> all;
  for (const auto& [name, entry] : merged) all.push_back(entry);
  std::ranges::sort(all, [](const Entry& a, const Entry& b) {
    return a.used != b.used ? a.used > b.used : a.key.name < b.key.name;
  });
  if (all.size() > limit_) all.resize(limit_ / 4 * 3);
  write(path(), all);
}

void TilingCache::clear() {
  entries_.clear();
  news_.clear();
  if (folder_.empty() || !is_private_folder(folder_)) return;
  Lock lock(path() + ".lock");
  if (lock.held()) unlink(path().c_str());  // else who writes now would bring it back
}

}  // namespace proa::tier
