/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lists in the DNS of clients that are to be refused, or never are (RFC 5782).
 *
 * A list is text, entries apart by blanks: ZONE[=CODES][:WEIGHT]. A client is
 * on it when the address that the zone has for it is one of CODES: addresses
 * apart by commas, each of whose four numbers may be a range or * for any, such
 * as 127.0.0.2-11 or 127.0.*.3; without CODES any of 127.0.0.0/8. It then adds
 * WEIGHT (from 1 to 100, 1 when there is none) to the client's score.
 *
 * Names of an address are the RFC's: octets of IPv4, nibbles of IPv6, from the
 * last one to the first.
 */
#ifndef PLI_DAEMON_DNS_LIST_H
#define PLI_DAEMON_DNS_LIST_H

#include "engine/slice.h"

typedef struct {
	guint8 least[4], most[4];
} PliDnsListCode;

typedef struct {
	char *zone;
	GArray *codes; /* PliDnsListCode; none: 127.0.0.0/8 */
	guint weight;
} PliDnsList;

/* An array (PliDnsList) that frees its lists. NULL: *ret_error, to be freed, is
 * a sentence about the first that is wrong. */
GPtrArray *
pli_dns_lists_parse(const char *text, char **ret_error);

/* What parses to the same lists; to be freed. */
char *
pli_dns_lists_format(const GPtrArray *lists);

/* The name to ask for, to be freed; `peer` as daemon/listener.h says. NULL: it
 * is no address, or the name would be too long for the DNS. */
char *
pli_dns_list_make_name(const PliDnsList *list, const char *peer);

/* Whether the list means this address, an A record's data. */
gboolean
pli_dns_list_has_code(const PliDnsList *list, PliSlice address);

#endif
