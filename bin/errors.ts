/**
 * The codes of the command's own refusals, on stderr before the sentence. A command also passes on the codes of the
 * rooms and of the cluster's procedures.
 */
export type CommandCode =
  /** The command line is not as its help says; status 2. */
  | 'usage'
  /** Something failed that has no code of its own; the text says what. */
  | 'failed'
  /** A cluster already runs in this data folder. */
  | 'already_running'
  /** No cluster runs in this data folder. */
  | 'not_running'
  /** The cluster runs, and no core of it answers. */
  | 'unreachable'
  /** The core has closed the link because of the operator's certificate: it was revoked, or it has ended. */
  | 'peer_refused'
  /** The nodes started and do not see each other. */
  | 'not_ready'
  /** What was asked to run did not: nobody was there to run it. */
  | 'not_run'
  /** A node ended before it was ready. */
  | 'node_failed'
  /** The data folder cannot be read or written. */
  | 'data_unusable'
  /** The data folder was made by a newer Picket. */
  | 'data_newer'
  /** Another process has the port. */
  | 'port_in_use'
  /** No free port was found for a node. */
  | 'no_port'
  /** `picket health`: the process does not answer, or says that it cannot do its work. */
  | 'unhealthy'
  /** There is no database where the command looks, or a core or web node was started without DATABASE_URL. */
  | 'no_database'
  /** A node's certificate names no trust domain, or another node than the one that was started. */
  | 'bad_credential'
  /** A file that was named cannot be read. */
  | 'no_such_file'
  /** The file of roots has no certificate in it. */
  | 'no_roots'
  /** The file of revocation lists has none in it. */
  | 'no_list'
  /** There is no authority where one is needed: picket certs init makes one. */
  | 'missing_file'
  /** What would be written over belongs to another bearer or authority. */
  | 'already_exists'
  /** Another command is changing the authority. */
  | 'authority_busy'
  /** Another command is changing the key ring. */
  | 'ring_busy'
  /** What is sealed was not all sealed anew in the time that was waited. */
  | 'rotation_not_done'
  /** The question was not answered with yes; nothing was changed. */
  | 'not_confirmed'
  /** `picket db lint` found what it printed. */
  | 'lint_findings'
  /** A line of the file cannot be read as a check, or none of it as a device update. */
  | 'bad_line'
  /** Lines of a file or stream could not be done; each says why, and the others were done. */
  | 'bad_lines'
  /** The file is no state of `picket reconcile`, or of another version. */
  | 'bad_state'
  /** The check that was asked to run gave no result in time. */
  | 'no_result'
  /** What would be written is there already, and `--force` was not given. */
  | 'file_exists'
  /** There is no room left to write to. */
  | 'disk_full'
  /** A file or its folder cannot be written. */
  | 'cannot_write'
  /** No name of the cluster is of this kind, and Picket knows none such. */
  | 'no_such_kind'
  /** The record was written, and a node that is up did not give its part. */
  | 'record_partial'
  /** The record has nothing about the subject that was asked for. */
  | 'no_such_subject'
  /** The agent did not do the command; the sentence says how it ended. */
  | 'command_failed'
  /** The sweep was stopped or has failed; the sentence says why. */
  | 'sweep_not_complete'
  /** No node of this name is in the cluster. */
  | 'no_such_node'
  /** No tenant has this slug or id. */
  | 'no_such_tenant'
  /** What was read of a document is not what its hash says: the database lost or changed some of it. */
  | 'document_damaged'
  /** The run of a source is not there any more: its core has given the tenant up. Nothing of it is kept: run it again. */
  | 'run_lost'
  /** No remote shell had a session of this id, or its node could tell no core of it yet. */
  | 'no_such_session'
  /** The record of sessions is not the one that was written; the sentence says where. */
  | 'record_altered';

/** What the cluster's procedures refuse an operator with. */
export type ProcedureCode =
  /** An argument of the command is not what the procedure takes. */
  | 'bad_argument'
  /** No check has this id. */
  | 'no_such_check'
  /** No agent of this id is connected. */
  | 'no_such_agent'
  /** The agent has too many commands under way. */
  | 'agent_busy'
  /** The agent's poller knows no such command any more: it keeps the last few that are over. */
  | 'no_such_command'
  /** The tenant is moving between cores: the command tries again by itself. */
  | 'standby'
  /** The tenant is being made, failed, cancelled, or has a schema of another version: no core runs it. */
  | 'tenant_not_running'
  /** The tenant is suspended: what it has can only be read. */
  | 'tenant_suspended'
  /** This core holds no authority that could sign for the tenant: the sentence says how to bring it one. */
  | 'no_tenant_authority'
  /** Authorities of the tenant were replaced so often that too many are not retired yet. */
  | 'too_many_authorities'
  /** No gateway is known that the token could name: start a poller with --gateway, or name one with --endpoint. */
  | 'no_gateway'
  /** The package is over; its certificate is put on a list only where the authority lies: picket certs revoke there. */
  | 'certificate_not_revoked'
  /** The tenant's plan allows no more checks; nothing was added. */
  | 'quota_checks'
  /** The tenant's plan allows no more devices; nothing was added. */
  | 'quota_devices'
  /** What was said of a device cannot be read; the sentence says what. */
  | 'bad_device'
  /** The tenant knows no device type of this name; the sentence names those that it knows. */
  | 'bad_device_type'
  /** A device with the same MAC or address is there, perhaps decommissioned. */
  | 'device_exists'
  /** Another source of the tenant tells of devices in the same words: what one of the two told cannot be taken back by itself. */
  | 'source_shared'
  /** The tenant has no such device. */
  | 'no_such_device'
  /** What was said of a group of devices cannot be read; the sentence says what. */
  | 'bad_group'
  /** A group of the tenant has this name, perhaps in another case: take another. */
  | 'group_exists'
  /** The tenant has no such group of devices: picket device group list tells which there are. */
  | 'no_such_group'
  /** The tenant has as many groups of devices as one may have; nothing was added. */
  | 'too_many_groups'
  /** The groups have as many devices, or a device as many groups, as may be; nothing was changed, and the sentence says which. */
  | 'too_many_members'
  /** What was said of an agent source cannot be read; the sentence says what. */
  | 'bad_source'
  /** What was said of a sweep cannot be read; the sentence says what. */
  | 'bad_sweep'
  /** The sweep has no run of this id that is still remembered. */
  | 'no_such_run'
  /** A run of the sweep is not over: picket sweep show tells how far it is. */
  | 'sweep_running'
  /** No run of the sweep is there that could be stopped. */
  | 'sweep_not_running'
  /** No poller is there that could dial the agent: start one, or look at its partition. */
  | 'no_source_poller'
  /** What was brought is no authority that could be imported, or its client certificate does not go with it. */
  | 'bad_authority'
  /** The tenant's plan allows no more users; nobody was added. */
  | 'quota_users'
  /** The tenant's state does not allow it; the sentence names what it allows. */
  | 'bad_transition'
  /** The data of a cancelled tenant are kept for some time yet. */
  | 'still_kept'
  /** The tenant could not be made; its row stays, with the reason in its history, to be tried again. */
  | 'provisioning_failed'
  /** Another living tenant has the slug. */
  | 'slug_taken'
  /** No slug: 2 to 40 of a-z, 0-9 and "-", first a letter. */
  | 'bad_slug'
  /** There is no plan of this name. */
  | 'no_such_plan'
  /** No name for a plan: 2 to 40 of a-z, 0-9 and "-", first a letter. */
  | 'bad_plan'
  /** The document is still coming: it is read when it is whole. */
  | 'document_open';
