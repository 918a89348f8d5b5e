/** The vocabulary: ids, slots, names, tags and images. No AWS. */
@NullMarked
package dev.amikeeper.image;

import org.jspecify.annotations.NullMarked;
