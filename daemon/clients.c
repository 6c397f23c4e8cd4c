/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/clients.h"

#include <arpa/inet.h>
#include <string.h>

#define PREFIX_OCTETS 8 /* of an IPv6 address: a /64 */
#define IPV6_TAG "IPv6:"

struct PliClients {
	GHashTable *counts; /* char * to guint */
};

PliClients *
pli_clients_new(void)
{
	PliClients *clients = g_new0(PliClients, 1);

	clients->counts =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return clients;
}

void
pli_clients_free(PliClients *clients)
{
	if (clients == NULL)
		return;
	g_hash_table_unref(clients->counts);
	g_free(clients);
}

char *
pli_clients_dup_key(const char *peer)
{
	struct in6_addr address;
	char text[INET6_ADDRSTRLEN];

	if (!g_str_has_prefix(peer, IPV6_TAG) ||
	    inet_pton(AF_INET6, peer + strlen(IPV6_TAG), &address) != 1)
		return g_strdup(peer);
	memset(address.s6_addr + PREFIX_OCTETS, 0,
	       sizeof(address.s6_addr) - PREFIX_OCTETS);
	inet_ntop(AF_INET6, &address, text, sizeof(text));
	return g_strdup(text);
}

guint
pli_clients_count(const PliClients *clients, const char *peer)
{
	g_autofree char *key = pli_clients_dup_key(peer);

	return GPOINTER_TO_UINT(g_hash_table_lookup(clients->counts, key));
}

void
pli_clients_enter(PliClients *clients, const char *peer)
{
	guint n = pli_clients_count(clients, peer);

	g_hash_table_insert(clients->counts, pli_clients_dup_key(peer),
			    GUINT_TO_POINTER(n + 1));
}

gboolean
pli_clients_leave(PliClients *clients, const char *peer)
{
	guint n = pli_clients_count(clients, peer);
	g_autofree char *key = pli_clients_dup_key(peer);

	if (n <= 1)
		return g_hash_table_remove(clients->counts, key);
	g_hash_table_insert(clients->counts, g_steal_pointer(&key),
			    GUINT_TO_POINTER(n - 1));
	return TRUE;
}

guint
pli_clients_get_n(const PliClients *clients)
{
	return g_hash_table_size(clients->counts);
}
