/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Boundaries of multiparts that are made (RFC 2046 5.1.1).
 */
#ifndef PLI_ENGINE_BOUNDARY_NAME_H
#define PLI_ENGINE_BOUNDARY_NAME_H

#include "engine/structure.h"

/*
 * "=_", which is in no line of base64 or quoted-printable, and 40 hexadecimal
 * digits, made from all of these: the same on every machine, and nothing that
 * the author of the message can have written into it if he cannot guess the
 * seed. `numbers` are to tell several boundaries of one message apart. The
 * caller frees it.
 */
char *
pli_boundary_name_make(PliSlice seed, const PliStructure *structure,
		       const guint32 *numbers, gsize n);

#endif
