-- The reserve transaction in Redis: an insert that a repeat does not do twice, and an update that takes
-- the money only where there is enough. A script runs alone, so both are done or neither is.
-- KEYS[1]: the payment. ARGV: a number drawn from 0 to 2^31 - 2, the amount in fen.
-- 0: reserved; 1: refused, and its id has ended; 2: known before.
local payment, drawn, fen = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
local quota = 'q:' .. string.format('%d', PICK)
if redis.call('EXISTS', payment) == 1 then
    return 2
end
local row = redis.call('HMGET', quota, 'issued', 'reserved')
if row[1] - row[2] < fen then
    redis.call('SET', payment, quota .. ' refused')
    return 1
end
redis.call('HINCRBY', quota, 'reserved', fen)
redis.call('SET', payment, quota .. ' ' .. fen)
return 0
