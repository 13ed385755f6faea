%% Reads one command a line and answers with `figure KEY VALUE` lines and `done`; ends when its input ends, so that it
%% never outlives the program that started it.
-module(bench_main).
-export([start/0]).

%% In a process of its own: what starts the node must return.
start() ->
    spawn(fun() ->
        process_flag(trap_exit, true),
        [io:format("port ~b~n", [Port]) || Port <- [persistent_term:get(bench_port, none)], Port =/= none],
        io:format("ready~n"),
        loop()
    end).

loop() ->
    case io:get_line("") of
        Line when is_list(Line) ->
            Words = string:lexemes(string:trim(Line), " "),
            try run(Words) of
                Figures ->
                    [io:format("figure ~s ~.6f~n", [Key, float(Value)]) || {Key, Value} <- Figures],
                    io:format("done~n")
            catch
                Class:Reason:Stack -> io:format("failed ~0p~n", [{Class, Reason, Stack}])
            end,
            loop();
        _ -> halt(0)
    end.

run(["mailbox", N]) -> bench_local:mailbox(list_to_integer(N));
run(["call", One, Each]) -> bench_local:call(list_to_integer(One), list_to_integer(Each));
run(["spawn", N]) -> bench_local:spawn(list_to_integer(N));
run(["serve"]) -> bench_remote:serve();
run(["remote", Node, Ms]) -> bench_remote:measure(list_to_atom(Node), list_to_integer(Ms)).
