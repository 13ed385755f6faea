%% The remote bench between two nodes whose distribution runs over TLS. `serve` runs on the far node, `measure` on the
%% near one. Every figure is measured for Ms milliseconds.
-module(bench_remote).
-export([serve/0, measure/2]).

serve() ->
    {ok, _} = gen_server:start({local, bench_far}, bench_server, [], []),
    [].

measure(Node, Ms) ->
    Far = {bench_far, Node},
    0 = gen_server:call(Far, ping, 15000),
    {One, Each} = calls(Far, 1, Ms),
    {Hundred, _} = calls(Far, 100, Ms),
    {Thousand, _} = calls(Far, 1000, Ms),
    [{"call_1_per_s", One}, {"call_100_per_s", Hundred}, {"call_1000_per_s", Thousand},
     {"call_1_p50_us", quantile(Each, 0.5)}, {"call_1_p99_us", quantile(Each, 0.99)},
     {"cast_100b_per_s", casts(Far, 100, Ms)},
     {"cast_10kb_mib_per_s", casts(Far, 10 * 1000, Ms) * 10 * 1000 / 1048576},
     {"cast_1mb_mib_per_s", casts(Far, 1000 * 1000, Ms) * 1000 * 1000 / 1048576}].

%% Calls a second over all callers, and the microseconds of each call.
calls(Far, Callers, Ms) ->
    Start = now_ns(),
    Until = Start + Ms * 1000000,
    Monitors = [spawn_monitor(fun() -> exit({calls, call_until(Far, Until, [])}) end) || _ <- lists:seq(1, Callers)],
    Each = lists:append([receive {'DOWN', M, process, P, {calls, Of}} -> Of end || {P, M} <- Monitors]),
    {length(Each) * 1.0e9 / (now_ns() - Start), Each}.

call_until(Far, Until, Each) ->
    Before = now_ns(),
    case Before < Until of
        true ->
            0 = gen_server:call(Far, ping),
            call_until(Far, Until, [(now_ns() - Before) / 1000 | Each]);
        false -> Each
    end.

%% Casts a second, until the far side has handled the last one.
casts(Far, Bytes, Ms) ->
    Data = binary:copy(<<7>>, Bytes),
    Before = gen_server:call(Far, count),
    Start = now_ns(),
    Sent = cast_until(Far, Data, Start + Ms * 1000000, 0),
    After = gen_server:call(Far, count, 60000),
    Elapsed = now_ns() - Start,
    Sent = After - Before,
    Sent * 1.0e9 / Elapsed.

cast_until(Far, Data, Until, Sent) ->
    case now_ns() < Until of
        true ->
            gen_server:cast(Far, {data, Data}),
            cast_until(Far, Data, Until, Sent + 1);
        false -> Sent
    end.

quantile(Each, Share) ->
    lists:nth(max(1, ceil(length(Each) * Share)), lists:sort(Each)).

now_ns() -> erlang:monotonic_time(nanosecond).
