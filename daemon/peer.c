/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/peer.h"

#include <arpa/inet.h>
#include <string.h>

#define IPV6_TAG "IPv6:"

PliPeer *
pli_peer_new(const char *address)
{
	PliPeer *peer = g_new0(PliPeer, 1);

	peer->address = g_strdup(address);
	return peer;
}

PliPeer *
pli_peer_dup(const PliPeer *peer)
{
	PliPeer *copy = g_memdup2(peer, sizeof *peer);

	copy->address = g_strdup(peer->address);
	copy->name = g_strdup(peer->name);
	copy->destination = g_strdup(peer->destination);
	copy->via = g_strdup(peer->via);
	return copy;
}

void
pli_peer_free(PliPeer *peer)
{
	if (peer == NULL)
		return;
	g_free(peer->address);
	g_free(peer->name);
	g_free(peer->destination);
	g_free(peer->via);
	g_free(peer);
}

/* One form for one address, so that it is counted and looked up as one; NULL
 * when it is none. */
static char *
dup_address(const char *text)
{
	char out[INET6_ADDRSTRLEN];
	struct in6_addr v6;
	struct in_addr v4;

	if (g_ascii_strncasecmp(text, IPV6_TAG, strlen(IPV6_TAG)) == 0)
		text += strlen(IPV6_TAG);
	if (inet_pton(AF_INET, text, &v4) == 1)
		return g_strdup(inet_ntop(AF_INET, &v4, out, sizeof out));
	if (inet_pton(AF_INET6, text, &v6) != 1)
		return NULL;
	if (IN6_IS_ADDR_V4MAPPED(&v6))
		return g_strdup(inet_ntop(AF_INET, v6.s6_addr + 12, out,
		                          sizeof out));
	inet_ntop(AF_INET6, &v6, out, sizeof out);
	return g_strconcat(IPV6_TAG, out, NULL);
}

void
pli_peer_set_address(PliPeer *peer, const char *address)
{
	char *one = address != NULL ? dup_address(address) : NULL;

	if (peer->via == NULL)
		peer->via = g_steal_pointer(&peer->address);
	g_free(peer->address);
	peer->address = one != NULL ? one : g_strdup(PLI_PEER_UNKNOWN);
}

void
pli_peer_set_destination(PliPeer *peer, const char *address)
{
	g_free(peer->destination);
	peer->destination = address != NULL ? dup_address(address) : NULL;
}

static guint
read_port(const char *text)
{
	return text != NULL ? (guint)g_ascii_strtoull(text, NULL, 10) : 0;
}

PliPeer *
pli_peer_dup_as(const PliPeer *old, const PliSmtpClient *client)
{
	PliPeer *peer = pli_peer_dup(old);

	if (client->told & PLI_SMTP_CLIENT_ADDR)
		pli_peer_set_address(peer, client->address);
	if (client->told & PLI_SMTP_CLIENT_NAME) {
		g_free(peer->name);
		peer->name = g_strdup(client->name);
	}
	if (client->told & PLI_SMTP_CLIENT_PORT)
		peer->port = read_port(client->port);
	if (client->told & PLI_SMTP_CLIENT_DESTADDR)
		pli_peer_set_destination(peer, client->destination);
	if (client->told & PLI_SMTP_CLIENT_DESTPORT)
		peer->destination_port = read_port(client->destination_port);
	return peer;
}

void
pli_peer_log(const PliPeer *peer, PliLogLine *line)
{
	pli_log_line_add_text(line, "peer", peer->address);
	if (peer->port != 0)
		pli_log_line_add_number(line, "peer_port", peer->port);
	pli_log_line_add_text(line, "peer_name", peer->name);
	pli_log_line_add_text(line, "destination", peer->destination);
	if (peer->destination_port != 0)
		pli_log_line_add_number(line, "destination_port",
		                        peer->destination_port);
	pli_log_line_add_text(line, "via", peer->via);
}
