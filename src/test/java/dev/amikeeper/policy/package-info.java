@NullMarked
package dev.amikeeper.policy;

import org.jspecify.annotations.NullMarked;
