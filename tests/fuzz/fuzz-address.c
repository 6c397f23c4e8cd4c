/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Groups are balanced, nothing grows, no fold is left, and what is read
 * without a defect is written so that it reads the same. */
#include "engine/address.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_ADDRESSES 500

static gsize
check_slice(PliSlice slice)
{
	for (gsize i = 0; i < slice.len; i++)
		g_assert(slice.data[i] != '\r' && slice.data[i] != '\n');
	return slice.len;
}

/* "local@domain" once more through the reader. */
static void
check_format(const PliAddress *address)
{
	g_auto(PliBuf) out = {0};
	g_autoptr(PliAddressReader) reader = NULL;
	PliAddress again;

	pli_buf_init(&out, 2 * (address->local.len + address->domain.len) + 3);
	g_assert(pli_address_format(address, &out));
	reader = pli_address_reader_new(pli_buf_slice(&out), NULL);
	g_assert(pli_address_reader_next(reader, &again) == PLI_STEP_READY);
	g_assert(again.kind == PLI_ADDRESS_MAILBOX);
	g_assert(pli_slice_equal(again.local, address->local));
	g_assert(pli_slice_equal(again.domain, address->domain));
	g_assert(pli_address_reader_next(reader, &again) == PLI_STEP_WANT);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PliLimits limits = pli_limits_default;
	g_autoptr(PliAddressReader) reader = NULL;
	PliAddress address;
	PliDefectSet set = {{0}};
	guint n = 0, depth = 0;
	gsize octets = 0;

	limits.addresses = MAX_ADDRESSES;
	reader = pli_address_reader_new(pli_slice_new(data, size), &limits);
	while (pli_address_reader_next(reader, &address) == PLI_STEP_READY) {
		octets += check_slice(address.name) +
			  check_slice(address.route) +
			  check_slice(address.local) +
			  check_slice(address.domain);
		if (address.kind == PLI_ADDRESS_GROUP_BEGIN)
			g_assert(depth++ == 0);
		else if (address.kind == PLI_ADDRESS_GROUP_END)
			g_assert(depth-- == 1);
		n += address.kind != PLI_ADDRESS_GROUP_END;
		set = (PliDefectSet){{0}};
		pli_address_reader_get_defects(reader, &set);
		if (address.kind == PLI_ADDRESS_MAILBOX &&
		    pli_defect_set_is_empty(&set))
			check_format(&address);
	}
	g_assert(depth == 0 && n <= MAX_ADDRESSES && octets <= 2 * size);
	return 0;
}
