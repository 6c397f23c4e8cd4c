/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/helo-check.h"

#include <arpa/inet.h>
#include <string.h>

#define IPV6_TAG "IPv6:"

/* FALSE: it is no address. An IPv4 address is its mapped form. */
static gboolean
read_address(const char *text, struct in6_addr *ret_address)
{
	struct in6_addr address = IN6ADDR_ANY_INIT;

	if (g_ascii_strncasecmp(text, IPV6_TAG, strlen(IPV6_TAG)) == 0) {
		if (inet_pton(AF_INET6, text + strlen(IPV6_TAG), &address) != 1)
			return FALSE;
	} else if (inet_pton(AF_INET, text, address.s6_addr + 12) == 1) {
		address.s6_addr[10] = address.s6_addr[11] = 0xff;
	} else {
		return FALSE;
	}
	*ret_address = address;
	return TRUE;
}

static gboolean
is_same_address(const char *a, const char *b)
{
	struct in6_addr x, y;

	return a != NULL && b != NULL && read_address(a, &x) &&
	       read_address(b, &y) && IN6_ARE_ADDR_EQUAL(&x, &y);
}

/* What stands in [], or without them where an address does. NULL: a name. */
static char *
dup_literal(const char *helo)
{
	gsize len = strlen(helo);
	struct in6_addr address;

	if (len > 2 && helo[0] == '[' && helo[len - 1] == ']')
		return g_strndup(helo + 1, len - 2);
	return read_address(helo, &address) ? g_strdup(helo) : NULL;
}

/* Without a last dot. */
static gboolean
is_name(const char *helo, const char *name)
{
	gsize len = strlen(helo);

	len -= len > 0 && helo[len - 1] == '.';
	return len == strlen(name) &&
	       g_ascii_strncasecmp(helo, name, len) == 0;
}

static gboolean
is_qualified(const char *helo)
{
	const char *dot = strchr(helo, '.');

	return dot != NULL && dot != helo && dot[1] != '\0';
}

const char *
pli_helo_check(PliHeloChecks checks, const PliHeloFacts *facts)
{
	g_autofree char *literal = dup_literal(facts->helo);
	gboolean from_here = is_same_address(facts->peer, facts->local);

	if (checks == PLI_HELO_CHECKS_OFF)
		return NULL;
	if (!from_here && is_same_address(literal, facts->local))
		return "HELO gave an address of this host, which is not yours";
	if (!from_here && literal == NULL &&
	    is_name(facts->helo, facts->hostname))
		return "HELO gave the name of this host, which is not yours";
	if (checks == PLI_HELO_CHECKS_MILD)
		return NULL;
	if (literal != NULL && facts->helo[0] != '[')
		return "HELO gave an address without [], give your name or "
		       "[address]";
	if (literal != NULL && !is_same_address(literal, facts->peer))
		return "HELO gave an address that is not yours";
	if (literal == NULL && !is_qualified(facts->helo))
		return "HELO gave a name without a domain, a fully qualified "
		       "one was expected";
	return NULL;
}
