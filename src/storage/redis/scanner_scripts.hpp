#pragma once

#include <string_view>

/// What several keys must agree on is decided by the server, in one step. Numbers are below 2^53, which Lua holds
/// exactly.
namespace scanner::storage {

/// KEYS lease, epoch, stream:last, scanner.lease (of role `all`); ARGV token, time to live in ms.
/// A token that has the lease already gets the same answer: the first one may have been lost.
inline constexpr std::string_view kAcquireScript = R"lua(
if redis.call('EXISTS', KEYS[4]) == 1 then return {0} end
if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
  if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {0} end
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
local last = redis.call('HMGET', KEYS[3], 'epoch', 'seq')
return {1, redis.call('GET', KEYS[2]) or '0', last[1] or '', last[2] or ''}
)lua";

/// KEYS lease, epoch; ARGV token, time to live, epoch.
inline constexpr std::string_view kInstallScript = R"lua(
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if tonumber(redis.call('GET', KEYS[2]) or '0') > tonumber(ARGV[3]) then return -1 end
redis.call('SET', KEYS[2], ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
)lua";

/// KEYS lease; ARGV token, time to live.
inline constexpr std::string_view kRenewScript = R"lua(
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
)lua";

/// KEYS lease; ARGV token.
inline constexpr std::string_view kReleaseScript = R"lua(
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
)lua";

/// KEYS lease, epoch, list of answers; ARGV token, epoch, answer, time to live of the list.
inline constexpr std::string_view kAnswerScript = R"lua(
if redis.call('GET', KEYS[1]) ~= ARGV[1] or redis.call('GET', KEYS[2]) ~= ARGV[2] then return 0 end
redis.call('RPUSH', KEYS[3], ARGV[3])
redis.call('PEXPIRE', KEYS[3], ARGV[4])
return 1
)lua";

/// KEYS lease, epoch, stream:rankings, stream:snapshot, stream:last, then the other keys.
/// ARGV token, epoch, seq, version, recorded, kept in ms, has a delta, delta, has a snapshot, snapshot, then value and
/// time to live of each other key.
/// The number that was published last may come again, when its answer was lost, and adds no second entry. A snapshot
/// takes longer to make than a delta: it may be of a lower number than the last, not of a lower one than that in place.
inline constexpr std::string_view kPublishScript = R"lua(
if redis.call('GET', KEYS[1]) ~= ARGV[1] or redis.call('GET', KEYS[2]) ~= ARGV[2] then return 0 end
local seq = tonumber(ARGV[3])
local last = redis.call('HMGET', KEYS[5], 'epoch', 'seq', 'id')
local known = tonumber(last[2] or '0')
if ARGV[7] == '1' then
  if seq < known or (seq == known and last[1] ~= ARGV[2]) then return -1 end
  if seq > known then
    local now = redis.call('TIME')
    local oldest = string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000) - ARGV[6])
    local id = redis.call('XADD', KEYS[3], 'MINID', '~', oldest, '*', 'epoch', ARGV[2], 'seq', ARGV[3],
                          'version', ARGV[4], 'recorded', ARGV[5], 'delta', ARGV[8])
    redis.call('HSET', KEYS[5], 'epoch', ARGV[2], 'seq', ARGV[3], 'id', id)
    last[2] = ARGV[3]
    last[3] = id
  end
end
if ARGV[9] == '1' then
  local held = tonumber(redis.call('HGET', KEYS[4], 'seq') or '0')
  if seq >= held then
    local after = '0-0'
    if last[2] == ARGV[3] and last[3] then after = last[3] end
    redis.call('HSET', KEYS[4], 'epoch', ARGV[2], 'seq', ARGV[3], 'version', ARGV[4], 'after', after, 'bytes', ARGV[10])
  end
end
for i = 6, #KEYS do
  local at = 11 + (i - 6) * 2
  if tonumber(ARGV[at + 1]) > 0 then
    redis.call('SET', KEYS[i], ARGV[at], 'PX', ARGV[at + 1])
  else
    redis.call('SET', KEYS[i], ARGV[at])
  end
end
return 1
)lua";

}  // namespace scanner::storage
