/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A list of networks, as configuration names them: whom something is allowed.
 *
 * Text in, a yes or a no for an address out; no name is ever looked up. A list
 * does not change once it is read, so threads may share one.
 */
#ifndef PLI_DAEMON_NETWORKS_H
#define PLI_DAEMON_NETWORKS_H

#include <glib.h>

typedef struct PliNetworks PliNetworks;

/* Reads IPv4 and IPv6 addresses and networks (RFC 4632, RFC 4291 2.3), such as
 * "127.0.0.1 192.0.2.0/24 2001:db8::/32", apart by blanks; "" is a list that
 * has nobody. NULL: *ret_error, to be freed, is a sentence that names each
 * word that is no network. */
PliNetworks *
pli_networks_parse(const char *text, char **ret_error);

/* A text that reads as the same list, to be freed; "" for NULL. */
char *
pli_networks_format(const PliNetworks *networks);

void
pli_networks_free(PliNetworks *networks);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliNetworks, pli_networks_free)

/* Whether `peer`, as daemon/listener.h says, is in one of them. An IPv4
 * address that comes as an IPv6 one (::ffff:192.0.2.1) is the IPv4 address, in
 * the list as well as in `peer`; ::/0 has no IPv4 address. What is no address
 * is in none, and so is everything when `networks` is NULL. */
gboolean
pli_networks_has(const PliNetworks *networks, const char *peer);

/* Whether nobody is in it; TRUE for NULL. */
gboolean
pli_networks_is_empty(const PliNetworks *networks);

#endif
