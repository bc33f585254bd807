# Threads, fibers, fork, sockets, files and digests in Ruby.
require "digest"
require "json"
require "socket"
require "tempfile"
require "open3"
count = Hash.new(0)
File.foreach("/etc/services") { |line| line.scan(/\w+/) { |word| count[word] += 1 } }
puts count.sort_by { |word, n| [-n, word] }.first(5).inspect
queue = Queue.new
threads = 4.times.map { |n| Thread.new { 100.times { |i| queue << n * i } } }
threads.each(&:join)
puts "threads: #{Array.new(queue.size) { queue.pop }.sum}"
fiber = Fiber.new { 3.times { |i| Fiber.yield i }; :done }
puts "fiber: #{4.times.map { fiber.resume }.inspect}"
reader, writer = IO.pipe
pid = fork { reader.close; writer.puts "from the child"; exit! 5 }
writer.close
puts reader.read, Process.wait2(pid)[1].exitstatus
Tempfile.create("ruby") { |f| f.write("x" * 5000); f.flush; puts File.size(f.path) }
server = TCPServer.new("127.0.0.1", 0)
thread = Thread.new { client = server.accept; client.puts client.gets.upcase; client.close }
socket = TCPSocket.new("127.0.0.1", server.addr[1])
socket.puts "over tcp"
puts socket.gets
thread.join
out, status = Open3.capture2("tr a-z A-Z", stdin_data: "open3")
puts out, status.success?
puts Digest::SHA256.hexdigest("ruby"), JSON.generate({ "a" => [1, nil, 2.5] })
GC.start
