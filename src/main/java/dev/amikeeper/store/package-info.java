/** Long keeping in S3: which images are stored, when, and what becomes of them. */
@NullMarked
package dev.amikeeper.store;

import org.jspecify.annotations.NullMarked;
