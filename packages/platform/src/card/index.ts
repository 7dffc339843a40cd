export { holdsCardNumber, isCardNumber } from './cardNumber.ts';
export { findCardNumber } from './findCardNumber.ts';
