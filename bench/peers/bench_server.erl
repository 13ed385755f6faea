%% The gen_server that every bench sends to: it counts what arrives and answers. The counterpart of ours/counter.ts.
-module(bench_server).
-behaviour(gen_server).
-export([init/1, handle_call/3, handle_cast/2]).

init(_) -> {ok, 0}.

handle_call(ping, _From, Arrived) -> {reply, 0, Arrived};
handle_call(count, _From, Arrived) -> {reply, Arrived, Arrived}.

handle_cast({tick, _N}, Arrived) -> {noreply, Arrived + 1};
handle_cast({data, _Bytes}, Arrived) -> {noreply, Arrived + 1}.
