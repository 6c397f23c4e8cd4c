/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * BODYSTRUCTURE and BODY as IMAP returns them (RFC 9051 7.5.2).
 *
 * Made from the structure alone. The text is US-ASCII: 8-bit octets of a
 * header come out as encoded-words or RFC 2231 values, CR, LF and NUL never;
 * quoted strings only, no literals.
 */
#ifndef PLI_ENGINE_BODYSTRUCTURE_H
#define PLI_ENGINE_BODYSTRUCTURE_H

#include "engine/buf.h"
#include "engine/structure.h"

PLI_BEGIN_DECLS

/* Appends the parenthesised text of the whole message. `extended` adds the
 * extension data (BODYSTRUCTURE); without it, it is BODY. FALSE when the
 * buffer's ceiling stands in the way. */
gboolean
pli_bodystructure_format(const PliStructure *structure, gboolean extended,
                         PliBuf *buf);

PLI_END_DECLS

#endif
