/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/session-log.h"

void
pli_session_log(const PliLog *log, PliProtocol protocol, const PliPeer *peer,
                const PliConnStats *stats, guint messages)
{
	PliLogLine line;

	pli_log_line_begin(&line, log, "session");
	pli_log_line_add_text(&line, "protocol",
	                      pli_protocol_get_name(protocol));
	pli_peer_log(peer, &line);
	pli_log_line_add_text(&line, "end",
	                      pli_conn_end_get_name(stats->end));
	pli_log_line_add_text(&line, "tls", stats->tls_version);
	pli_log_line_add_text(&line, "cipher", stats->tls_cipher);
	pli_log_line_add_text(&line, "error", stats->tls_error);
	pli_log_line_add_number(&line, "messages", messages);
	pli_log_line_add_number(&line, "octets_in", (gint64)stats->octets_in);
	pli_log_line_add_number(&line, "octets_out",
	                        (gint64)stats->octets_out);
	pli_log_line_add_number(&line, "ms",
	                        (stats->end_us - stats->start_us) / 1000);
	pli_log_line_send(&line);
}
