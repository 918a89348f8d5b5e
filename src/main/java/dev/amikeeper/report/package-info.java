/** What people are told. */
@NullMarked
package dev.amikeeper.report;

import org.jspecify.annotations.NullMarked;
