-- What Lua does much of: tables, strings, closures, calls, numbers.
local function fib(n) return n < 2 and n or fib(n - 1) + fib(n - 2) end
local sum = fib(30)

local sieve, primes = {}, 0
for i = 2, 1000000 do
  if not sieve[i] then
    primes = primes + 1
    for j = i * i, 1000000, i do sieve[j] = true end
  end
end

local words, count = {}, 0
for i = 1, 200000 do
  local word = ("w" .. i * 7919 % 5003):upper()
  if not words[word] then count = count + 1 end
  words[word] = (words[word] or 0) + 1
end

local list = {}
for i = 1, 100000 do list[i] = i * 7919 % 100003 end
table.sort(list, function(a, b) return a < b end)
print(sum, primes, count, list[1], list[#list])
