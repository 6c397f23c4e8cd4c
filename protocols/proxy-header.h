/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a proxy says ahead of the first octet of a connection: the PROXY
 * protocol, versions 1 and 2
 * (https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt).
 *
 * Reads octets; whether the sender may be believed is not known here. Version
 * 1 has at most 107 octets, version 2 PLI_PROXY_HEADER_MAX. TLVs (2.2) are
 * walked and passed over, but for a checksum, which must be right.
 */
#ifndef PLI_PROTOCOLS_PROXY_HEADER_H
#define PLI_PROTOCOLS_PROXY_HEADER_H

#include "engine/slice.h"

#define PLI_PROXY_HEADER_MAX 16384

/* "2001:db8:0:0:0:0:0:1", IPv4 in the tail, with a NUL */
#define PLI_PROXY_HEADER_ADDRESS 46

typedef struct {
	gsize length; /* octets of the header; the connection's own follow */
	/* FALSE: LOCAL, UNKNOWN, UNSPEC, or no TCP: the connection's own
	 * endpoints are the real ones, and what follows is empty. */
	gboolean is_proxied;
	/* IPv4 or IPv6 addresses; not always in the shortest form */
	char source[PLI_PROXY_HEADER_ADDRESS];
	char destination[PLI_PROXY_HEADER_ADDRESS];
	guint16 source_port, destination_port;
} PliProxyHeader;

/* Reads the header that `octets`, all that came so far, begin with. WANT: it
 * is not whole yet. FAIL: it never will be one; *ret_why is a static sentence.
 * READY: *ret_header was set. */
PliStep
pli_proxy_header_parse(PliSlice octets, PliProxyHeader *ret_header,
                       const char **ret_why) G_GNUC_WARN_UNUSED_RESULT;

#endif
