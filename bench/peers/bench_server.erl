%% The gen_server that every bench sends to: it counts what arrives and answers. The counterpart of ours/counter.ts.
-module(bench_server).
-behaviour(gen_server).
-export([init/1, handle_call/3, handle_cast/2]).

init(_) -> {ok, {0, -1, none}}.

handle_call(ping, _From, State) -> {reply, 0, State};
handle_call(count, _From, {Arrived, _, _} = State) -> {reply, Arrived, State};
%% Answers when Target more messages than now have arrived.
handle_call({arrived, Target}, From, {Arrived, _, _}) -> {noreply, {Arrived, Arrived + Target, From}}.

handle_cast({tick, _N}, {Arrived, Target, From}) when Arrived + 1 =:= Target ->
    gen_server:reply(From, Target),
    {noreply, {Target, -1, none}};
handle_cast({tick, _N}, {Arrived, Target, From}) -> {noreply, {Arrived + 1, Target, From}};
handle_cast({data, _Bytes}, {Arrived, Target, From}) -> {noreply, {Arrived + 1, Target, From}}.
