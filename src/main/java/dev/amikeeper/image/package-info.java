/** The vocabulary: ids, slots, names, tags and images, without any AWS calls. */
@NullMarked
package dev.amikeeper.image;

import org.jspecify.annotations.NullMarked;
