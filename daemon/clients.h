/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How many connections each client has: none may take those of all others.
 * IPv6 clients are counted by their /64, which one subscriber has whole.
 */
#ifndef PLI_DAEMON_CLIENTS_H
#define PLI_DAEMON_CLIENTS_H

#include <glib.h>

typedef struct PliClients PliClients;

PliClients *
pli_clients_new(void);

void
pli_clients_free(PliClients *clients);

/* One connection more. `peer` as daemon/listener.h says. */
void
pli_clients_enter(PliClients *clients, const char *peer);

/* One less; FALSE: it had none. */
gboolean
pli_clients_leave(PliClients *clients, const char *peer);

/* How many connections the client has. */
guint
pli_clients_count(const PliClients *clients, const char *peer);

guint
pli_clients_get_n(const PliClients *clients);

/* Who counts as one client: an address, of IPv6 its /64. Free with g_free. */
char *
pli_clients_dup_key(const char *peer);

#endif
