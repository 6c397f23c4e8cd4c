/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* IP addresses as protocols write them. Text only: what is to be compared or
 * counted is brought into one form by the daemon. */
#ifndef PLI_PROTOCOLS_IP_ADDRESS_H
#define PLI_PROTOCOLS_IP_ADDRESS_H

#include "engine/slice.h"

/* Snum 3("." Snum) of RFC 5321 4.1.3: "192.0.2.1". */
gboolean
pli_ip_address_is_v4(PliSlice s);

/* RFC 4291 2.2, without a zone: "2001:db8::1", "::ffff:192.0.2.1". */
gboolean
pli_ip_address_is_v6(PliSlice s);

#endif
