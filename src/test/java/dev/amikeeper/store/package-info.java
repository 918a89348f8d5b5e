@org.jspecify.annotations.NullMarked
package dev.amikeeper.store;
