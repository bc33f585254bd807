-- Tables, coroutines, patterns, files and processes in Lua.
local words = {}
for line in io.lines("/etc/services") do for w in line:gmatch("%a+") do words[w] = (words[w] or 0) + 1 end end
local names = {}
for w in pairs(words) do names[#names + 1] = w end
table.sort(names, function(a, b) if words[a] ~= words[b] then return words[a] > words[b] end return a < b end)
for i = 1, 5 do print(names[i], words[names[i]]) end
local numbers = coroutine.wrap(function() for i = 1, 10 do coroutine.yield(i * i) end end)
local sum = 0
for n in numbers do sum = sum + n end
print("coroutine", sum)
local name = os.tmpname()
local out = assert(io.open(name, "w"))
for i = 1, 1000 do out:write(i, "\n") end
out:close()
local total = 0
for n in io.lines(name, "n") do total = total + n end
print("file", total, os.remove(name))
local pipe = assert(io.popen("seq 5 | sort -r"))
print("popen", (pipe:read("a"):gsub("\n", " ")), pipe:close())
print("execute", os.execute("exit 3"))
print("error", select(2, pcall(error, "caught", 0)), string.format("%5.2f %q", 1 / 3, "a\nb"))
collectgarbage()
