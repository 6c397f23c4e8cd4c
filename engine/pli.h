/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All of libpli, for programs outside: see pli(3).
 *
 *	#include <engine/pli.h>
 *	cc `pkg-config --cflags --libs pli` ...
 *
 * Inside of Pli nothing includes this one.
 */
#ifndef PLI_ENGINE_PLI_H
#define PLI_ENGINE_PLI_H

#include "engine/address.h"
#include "engine/binhex.h"
#include "engine/bodystructure.h"
#include "engine/buf.h"
#include "engine/charset.h"
#include "engine/context.h"
#include "engine/convert.h"
#include "engine/date.h"
#include "engine/decls.h"
#include "engine/decoded-source.h"
#include "engine/decoder.h"
#include "engine/defect.h"
#include "engine/defect-advice.h"
#include "engine/derive.h"
#include "engine/edit.h"
#include "engine/encoder.h"
#include "engine/encoder-choice.h"
#include "engine/envelope.h"
#include "engine/field-name.h"
#include "engine/flowed.h"
#include "engine/header-writer.h"
#include "engine/inline-part.h"
#include "engine/limits.h"
#include "engine/line-end.h"
#include "engine/normalize.h"
#include "engine/param.h"
#include "engine/parser.h"
#include "engine/partial.h"
#include "engine/section.h"
#include "engine/slice.h"
#include "engine/source.h"
#include "engine/span.h"
#include "engine/structure.h"
#include "engine/tnef.h"
#include "engine/union.h"
#include "engine/word.h"

#endif
