/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whatever comes ahead of a connection: no beginning of a header is a header,
 * what follows one does not change it, and a fault that a beginning has, all
 * longer ones have. */
#include "protocols/ip-address.h"
#include "protocols/proxy-header.h"

#define CUTS 64

int LLVMFuzzerTestOneInput(const guint8 *data, gsize len);

static PliStep
parse(const guint8 *data, gsize len, PliProxyHeader *header)
{
	/* its own memory, so that a look past the end is seen */
	g_autofree guint8 *copy = g_malloc(MAX(len, 1));
	const char *why = NULL;
	PliStep step;

	memcpy(copy, data, len);
	step = pli_proxy_header_parse(pli_slice_new(copy, len), header, &why);
	g_assert((why != NULL) == (step == PLI_STEP_FAIL));
	return step;
}

static gboolean
is_address(const char *text)
{
	PliSlice s = pli_slice_from_string(text);

	return pli_ip_address_is_v4(s) || pli_ip_address_is_v6(s);
}

static void
check_header(const PliProxyHeader *header, gsize len)
{
	g_assert(header->length > 14 && header->length <= len);
	g_assert(header->length <= PLI_PROXY_HEADER_MAX);
	g_assert(is_address(header->source) == header->is_proxied);
	g_assert(is_address(header->destination) == header->is_proxied);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
	PliProxyHeader header = {0}, other = {0};
	PliStep step;

	if (len == 0)
		return 0;
	step = parse(data, len, &header);
	if (step == PLI_STEP_READY)
		check_header(&header, len);
	for (gsize n = 1; n < len; n += 1 + len / CUTS) {
		PliStep early = parse(data, n, &other);

		if (early == PLI_STEP_WANT)
			continue;
		g_assert(early == step);
		if (early == PLI_STEP_READY)
			g_assert(memcmp(&header, &other, sizeof(header)) == 0);
	}
	return 0;
}
