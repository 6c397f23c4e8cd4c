/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/networks.h"

#include <arpa/inet.h>
#include <string.h>

#define IPV6_TAG "IPv6:"
#define V6_BITS 128
#define V4_BITS 32
#define MAPPED_BITS (V6_BITS - V4_BITS) /* ::ffff:0:0/96 */

/* IPv4 is kept mapped: one comparison serves both. */
typedef struct {
	struct in6_addr address;
	guint bits;
} Network;

struct PliNetworks {
	GArray *array; /* Network */
};

static gboolean
parse_address(const char *text, struct in6_addr *ret_address, gboolean *ret_v4)
{
	struct in_addr v4;

	if (inet_pton(AF_INET, text, &v4) == 1) {
		memset(ret_address, 0, sizeof *ret_address);
		ret_address->s6_addr[10] = ret_address->s6_addr[11] = 0xff;
		memcpy(ret_address->s6_addr + 12, &v4, sizeof v4);
		*ret_v4 = TRUE;
		return TRUE;
	}
	*ret_v4 = FALSE;
	return inet_pton(AF_INET6, text, ret_address) == 1;
}

static gboolean
is_mapped(const Network *network)
{
	return IN6_IS_ADDR_V4MAPPED(&network->address) &&
	       network->bits >= MAPPED_BITS;
}

/* Clears what lies behind the prefix; TRUE when there was something. */
static gboolean
clear_rest(Network *network)
{
	gboolean any = FALSE;
	guint i;

	for (i = 0; i < sizeof network->address.s6_addr; i++) {
		guint8 *octet = &network->address.s6_addr[i];
		guint kept = CLAMP((int)network->bits - (int)i * 8, 0, 8);
		guint8 mask = (guint8)(0xff << (8 - kept));

		any |= (*octet & ~mask) != 0;
		*octet &= mask;
	}
	return any;
}

static char *
format_network(const Network *network, gboolean v4)
{
	char text[INET6_ADDRSTRLEN] = "";

	if (v4)
		inet_ntop(AF_INET, network->address.s6_addr + 12, text,
		          sizeof text);
	else
		inet_ntop(AF_INET6, &network->address, text, sizeof text);
	return g_strdup_printf("%s/%u", text,
	                       network->bits - (v4 ? MAPPED_BITS : 0));
}

/* NULL, or what is wrong with the word. */
static char *
read_word(const char *word, Network *network)
{
	g_autofree char *address = g_strdup(word), *right = NULL;
	char *slash = strchr(address, '/');
	guint64 bits;
	gboolean v4;

	if (slash != NULL)
		*slash++ = '\0';
	if (!parse_address(address, &network->address, &v4))
		return g_strdup_printf(
			"`%s` is no network: an IPv4 or IPv6 address, with or "
			"without the length of a prefix, such as 192.0.2.0/24 "
			"or 2001:db8::/32",
			word);
	bits = v4 ? V4_BITS : V6_BITS;
	if (slash != NULL &&
	    !g_ascii_string_to_unsigned(slash, 10, 0, bits, &bits, NULL))
		return g_strdup_printf("`%s` is no network: the prefix is a "
		                       "number from 0 to %u, such as %s/%u",
		                       word, v4 ? V4_BITS : V6_BITS, address,
		                       v4 ? V4_BITS : V6_BITS);
	network->bits = (guint)bits + (v4 ? MAPPED_BITS : 0);
	if (!clear_rest(network))
		return NULL;
	right = format_network(network, v4);
	return g_strdup_printf("`%s` is no network: it has bits behind its "
	                       "prefix, did you mean `%s` or `%s`?",
	                       word, right, address);
}

PliNetworks *
pli_networks_parse(const char *text, char **ret_error)
{
	g_autoptr(PliNetworks) networks = g_new0(PliNetworks, 1);
	g_auto(GStrv) words = g_strsplit_set(text, " \t", -1);
	g_autoptr(GString) errors = g_string_new(NULL);
	guint i;

	networks->array = g_array_new(FALSE, FALSE, sizeof(Network));
	for (i = 0; words[i] != NULL; i++) {
		g_autofree char *error = NULL;
		Network network;

		if (*words[i] == '\0')
			continue;
		error = read_word(words[i], &network);
		if (error == NULL)
			g_array_append_val(networks->array, network);
		else
			g_string_append_printf(errors, "%s%s",
			                       errors->len > 0 ? "; " : "",
			                       error);
	}
	if (errors->len == 0)
		return g_steal_pointer(&networks);
	*ret_error = g_strdup(errors->str);
	return NULL;
}

char *
pli_networks_format(const PliNetworks *networks)
{
	GString *out = g_string_new(NULL);
	guint i;

	for (i = 0; networks != NULL && i < networks->array->len; i++) {
		const Network *network =
		        &g_array_index(networks->array, Network, i);
		g_autofree char *text =
		        format_network(network, is_mapped(network));

		g_string_append_printf(out, "%s%s", i > 0 ? " " : "", text);
	}
	return g_string_free(out, FALSE);
}

void
pli_networks_free(PliNetworks *networks)
{
	if (networks == NULL)
		return;
	g_array_unref(networks->array);
	g_free(networks);
}

/* `peer` has all its bits. */
static gboolean
is_within(const Network *network, const Network *peer)
{
	Network start = *peer;

	if (is_mapped(network) != is_mapped(peer))
		return FALSE;
	start.bits = network->bits;
	clear_rest(&start);
	return IN6_ARE_ADDR_EQUAL(&start.address, &network->address);
}

gboolean
pli_networks_has(const PliNetworks *networks, const char *peer)
{
	Network p = {.bits = V6_BITS};
	gboolean v4;
	guint i;

	if (networks == NULL)
		return FALSE;
	if (g_str_has_prefix(peer, IPV6_TAG))
		peer += strlen(IPV6_TAG);
	if (!parse_address(peer, &p.address, &v4))
		return FALSE;
	for (i = 0; i < networks->array->len; i++)
		if (is_within(&g_array_index(networks->array, Network, i), &p))
			return TRUE;
	return FALSE;
}

gboolean
pli_networks_is_empty(const PliNetworks *networks)
{
	return networks == NULL || networks->array->len == 0;
}
