%% The local benches. Times are of this node's monotonic clock.
-module(bench_local).
-export([mailbox/1, call/2, spawn/1, callers/3]).

%% One process casts N messages to one gen_server, without a pause; until the last was handled.
mailbox(N) ->
    {ok, Server} = gen_server:start_link(bench_server, [], []),
    Start = erlang:monotonic_time(),
    cast(Server, N),
    N = gen_server:call(Server, count, 60000),
    Elapsed = elapsed(Start),
    stop(Server),
    [{"cast_per_s", N / Elapsed}].

cast(_Server, 0) -> ok;
cast(Server, N) ->
    gen_server:cast(Server, {tick, N}),
    cast(Server, N - 1).

call(One, Each) ->
    {ok, Server} = gen_server:start_link(bench_server, [], []),
    Figures = [{"sequential_per_s", callers(Server, 1, One)}, {"callers_100_per_s", callers(Server, 100, Each)}],
    stop(Server),
    Figures.

%% Calls a second of Callers processes that make Each calls, one after the other, with the default deadline.
callers(Server, Callers, Each) ->
    Start = erlang:monotonic_time(),
    Monitors = [spawn_monitor(fun() -> calls(Server, Each) end) || _ <- lists:seq(1, Callers)],
    [receive {'DOWN', Monitor, process, Pid, normal} -> ok end || {Pid, Monitor} <- Monitors],
    Callers * Each / elapsed(Start).

calls(_Server, 0) -> ok;
calls(Server, N) ->
    0 = gen_server:call(Server, ping),
    calls(Server, N - 1).

%% gen_server:start returns when `init` is done. Bytes: the growth of all memory, after a collection, over the number.
spawn(N) ->
    erlang:garbage_collect(),
    Before = erlang:memory(total),
    Start = erlang:monotonic_time(),
    Pids = [begin {ok, Pid} = gen_server:start(bench_server, [], []), Pid end || _ <- lists:seq(1, N)],
    Elapsed = elapsed(Start),
    erlang:garbage_collect(),
    After = erlang:memory(total),
    Monitors = [{Pid, erlang:monitor(process, Pid)} || Pid <- Pids],
    [exit(Pid, kill) || Pid <- Pids],
    [receive {'DOWN', Monitor, process, Pid, _} -> ok end || {Pid, Monitor} <- Monitors],
    [{"spawn_per_s", N / Elapsed}, {"idle_bytes", max(0, After - Before) / N}].

stop(Server) ->
    gen_server:stop(Server),
    receive {'EXIT', Server, _} -> ok end.

elapsed(Start) ->
    erlang:convert_time_unit(erlang:monotonic_time() - Start, native, nanosecond) / 1.0e9.
