/** Long keeping in S3: which images are stored, when, and what becomes of that. */
@NullMarked
package dev.amikeeper.store;

import org.jspecify.annotations.NullMarked;
