#include "proa/tier/object_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "proa/base/crc32c.h"
#include "proa/base/environment.h"
#include "proa/base/error.h"
#include "proa/base/file.h"
#include "proa/base/hash.h"

namespace proa::tier {

namespace {

constexpr std::string_view kMagic = "proa.obj";
constexpr std::string_view kSuffix = ".proaobj";

// In front of every file: the key's other hash, so that a meeting of names is noticed.
struct Head {
  char magic[8];
  uint64_t check;  // of the key
  uint64_t size;   // of the object
  uint32_t crc;    // of the object
  uint32_t zero;
};

uint64_t check_of(std::string_view key) { return hash_bytes(key.data(), key.size(), 1); }

}  // namespace

bool is_private_folder(const std::string& folder) {
  struct stat info;
  return stat(folder.c_str(), &info) == 0 && info.st_uid == geteuid() &&
         (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

bool make_private_folder(const std::string& folder) {
  for (size_t at = 1; at != std::string::npos;) {
    at = folder.find('/', at + 1);
    mkdir(folder.substr(0, at).c_str(), 0700);
  }
  return is_private_folder(folder);
}

ObjectCache::ObjectCache(std::string folder, size_t limit)
    : folder_(std::move(folder)), limit_(limit) {}

std::string ObjectCache::path(std::string_view key) const {
  char name[24];
  std::snprintf(name, sizeof name, "%016llx",
                static_cast<unsigned long long>(hash_bytes(key.data(), key.size())));
  return str(folder_, "/", std::string_view(name), kSuffix);
}

std::vector<std::byte> ObjectCache::find(std::string_view key) {
  if (folder_.empty()) return {};
  try {
    std::string file = path(key);
    if (access(file.c_str(), R_OK) != 0 || !is_private_folder(folder_)) return {};
    auto map = MappedFile::open(file);
    Head head;
    if (map->size() < sizeof head) return {};
    std::memcpy(&head, map->data(), sizeof head);
    std::span<const std::byte> object = map->bytes().subspan(sizeof head);
    bool good = std::string_view(head.magic, sizeof head.magic) == kMagic &&
                head.check == check_of(key) && head.size == object.size() &&
                head.crc == crc32c(object);
    if (!good) return {};
    utimensat(AT_FDCWD, file.c_str(), nullptr, 0);  // used now
    return {object.begin(), object.end()};
  } catch (const UserError&) { return {}; }
}

bool ObjectCache::holds(std::string_view key) const {
  return !folder_.empty() && access(path(key).c_str(), R_OK) == 0;
}

void ObjectCache::store(std::string_view key, std::span<const std::byte> object) {
  if (folder_.empty()) return;
  Head head{};
  std::memcpy(head.magic, kMagic.data(), sizeof head.magic);
  head.check = check_of(key);
  head.size = object.size();
  head.crc = crc32c(object);
  std::span<const std::byte> pieces[] = {std::as_bytes(std::span(&head, 1)), object};
  try {
    if (!make_private_folder(folder_)) return;
    make_room(object.size() + sizeof head);
    write_file(path(key), pieces);
  } catch (const UserError&) {
    // A full or read-only disk costs the next process a compilation, no more.
  }
}

// Other processes may write as well, so the folder is looked through again after each eighth of the
// limit.
void ObjectCache::make_room(size_t bytes) {
  std::lock_guard lock(mutex_);
  if (written_ == 0 || written_ + bytes > std::min(free_, limit_ / 8)) clear_out(bytes);
  written_ += bytes;
}

namespace {

struct Kept {
  std::string path;
  size_t size;
  int64_t used;  // nanoseconds
};

std::vector<Kept> kept_in(const std::string& folder) {
  std::vector<Kept> files;
  DIR* opened = opendir(folder.c_str());
  if (opened == nullptr) return files;
  while (dirent* entry = readdir(opened)) {
    std::string_view name = entry->d_name;
    if (!name.ends_with(kSuffix)) continue;
    std::string path = str(folder, "/", name);
    struct stat info;
    if (stat(path.c_str(), &info) != 0) continue;
    files.push_back({std::move(path), static_cast<size_t>(info.st_size),
                     int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec});
  }
  closedir(opened);
  return files;
}

}  // namespace

void ObjectCache::clear_out(size_t bytes) {
  std::vector<Kept> files = kept_in(folder_);
  size_t total = bytes;
  for (const Kept& file : files) total += file.size;
  if (total > limit_) std::ranges::sort(files, {}, &Kept::used);
  size_t aim = total > limit_ ? limit_ / 4 * 3 : limit_;  // room for more than this one
  for (const Kept& file : files) {
    if (total <= aim) break;
    if (unlink(file.path.c_str()) == 0) total -= file.size;
  }
  written_ = 0;
  free_ = limit_ - std::min(limit_, total - bytes);
}

int64_t ObjectCache::clear() {
  std::lock_guard lock(mutex_);
  int64_t freed = 0;
  if (folder_.empty() || !is_private_folder(folder_)) return freed;
  for (const Kept& file : kept_in(folder_)) {
    if (unlink(file.path.c_str()) == 0) freed += static_cast<int64_t>(file.size);
  }
  written_ = 0;
  return freed;
}

ObjectCache& object_cache() {
  static ObjectCache* cache = [] {
    std::string folder;
    if (const char* given = std::getenv("PROA_CACHE_DIR")) {
      folder = given;
    } else if (const char* base = std::getenv("XDG_CACHE_HOME"); base != nullptr && *base != 0) {
      folder = str(base, "/proa");
    } else if (const char* home = std::getenv("HOME"); home != nullptr && *home != 0) {
      folder = str(home, "/.cache/proa");
    }
    constexpr int64_t kUsual = 512, kMost = int64_t{1} << 30;
    int64_t megabytes = environment_number("PROA_CACHE_LIMIT_MB", 0, kMost).value_or(kUsual);
    return new ObjectCache(std::move(folder), static_cast<size_t>(megabytes) << 20);
  }();
  return *cache;
}

}  // namespace proa::tier
