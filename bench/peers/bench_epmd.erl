%% Takes the place of the port mapper, so that no daemon is started: the far node says its port when it is up, and the
%% near one is told. The port is kept until then: there is nowhere to print to when the distribution starts.
-module(bench_epmd).
-export([start_link/0, register_node/2, register_node/3, port_please/2, port_please/3, address_please/3,
         listen_port_please/2, names/1]).

start_link() -> ignore.

register_node(Name, Port) -> register_node(Name, Port, inet).
register_node(_Name, Port, _Family) ->
    persistent_term:put(bench_port, Port),
    {ok, rand:uniform(3)}.

port_please(Name, Address) -> port_please(Name, Address, infinity).
port_please(_Name, _Address, _Timeout) ->
    case init:get_argument(bench_far_port) of
        {ok, [[Port]]} -> {port, list_to_integer(Port), 6};
        _ -> noport
    end.

address_please(_Name, _Host, _Family) -> {ok, {127, 0, 0, 1}}.
listen_port_please(_Name, _Host) -> {ok, 0}.
names(_Host) -> {error, address}.
